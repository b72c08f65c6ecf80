//! Reads the setting of default host management, with which instances without an instance profile can be managed.

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use orgpatch_model::fetched::Fetched;

use crate::clients::call::{CallError, fetched};

/// The setting that names the role of default host management.
const SETTING: &str = "/ssm/managed-instance/default-ec2-instance-management-role";

/// The value of the setting if it was never changed. AWS does not document it; users report it.
const NOTHING: &str = "$None";

/// Returns the role that instances without an instance profile get; None if default host management is off.
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
    fetched(role)
}
