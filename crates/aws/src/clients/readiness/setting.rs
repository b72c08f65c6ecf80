//! Default host management: may instances without an instance profile be managed?

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use orgpatch_model::fetched::Fetched;

use crate::clients::call::{CallError, known};

/// The setting that names the role of default host management.
const SETTING: &str = "/ssm/managed-instance/default-ec2-instance-management-role";

/// What the setting says as long as nobody has changed it. In no documentation: people report it.
const NOTHING: &str = "$None";

/// The role that instances without an instance profile get; None if it is off.
pub async fn default_host_management(config: &SdkConfig) -> Result<Fetched<Option<String>>, CallError> {
    let answer = Client::new(config).get_service_setting().setting_id(SETTING).send().await;
    let role = match answer {
        Ok(answer) => Ok(answer
            .service_setting
            .and_then(|setting| setting.setting_value)
            .filter(|role| !role.is_empty() && role != NOTHING)),
        Err(error) => match CallError::of("ssm:GetServiceSetting", &error) {
            // "The service setting has not been provisioned": there is no default host management in this Region.
            error if error.code == "ServiceSettingNotFound" => Ok(None),
            error => Err(error),
        },
    };
    known(role)
}
