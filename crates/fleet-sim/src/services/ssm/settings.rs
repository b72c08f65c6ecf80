//! Systems Manager: service settings. Default Host Management Configuration is one of them.
use super::request::ssm;
use crate::{
    clock::epoch_seconds,
    wire::{AwsError, Call},
    world::World,
};
use serde_json::json;

/// The setting that names the role of Default Host Management Configuration.
const HOST_MANAGEMENT: &str = "/ssm/managed-instance/default-ec2-instance-management-role";
/// The role that the console creates for it.
pub const HOST_MANAGEMENT_ROLE: &str = "AWSSystemsManagerDefaultEC2InstanceManagementRole";

/// Answers `GetServiceSetting`. It takes the setting's id or its ARN.
pub fn get_service_setting(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let wanted = ssm(call).required("SettingId")?;
    let arn = format!("arn:aws:ssm:{}:{}:servicesetting{HOST_MANAGEMENT}", call.region, call.account);
    if wanted != HOST_MANAGEMENT && wanted != arn {
        return Err(AwsError::new("ServiceSettingNotFound", format!("Service setting {wanted} was not found.")));
    }
    let account = world.organization.accounts.get(&call.account);
    let on = account.is_some_and(|account| account.default_host_management.is_on(&call.region));
    // No documentation says what an unset setting answers. The value is the one that users report.
    let (value, user, status) = if on {
        let user = format!("arn:aws:sts::{}:assumed-role/admin/administrator", call.account);
        (format!("service-role/{HOST_MANAGEMENT_ROLE}"), user, "Customized")
    } else {
        ("$None".to_owned(), "System".to_owned(), "Default")
    };
    Ok(json!({"ServiceSetting": {
        "SettingId": HOST_MANAGEMENT,
        "SettingValue": value,
        "LastModifiedDate": epoch_seconds(world.fleet.since),
        "LastModifiedUser": user,
        "ARN": arn,
        "Status": status,
    }})
    .to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Lab, MEMBER, REGION};

    #[test]
    fn host_management_is_a_role_or_nothing() {
        let node = format!("  - {{account: \"{MEMBER}\", region: {REGION}, os: UBUNTU, instanceProfile: absent}}");
        for (switch, value, status, listed) in [
            ("on", "service-role/AWSSystemsManagerDefaultEC2InstanceManagementRole", "Customized", 1),
            ("[us-east-1]", "$None", "Default", 0),
            ("off", "$None", "Default", 0),
        ] {
            let mut lab = Lab::with(&node, &format!("accounts: {{\"{MEMBER}\": {{defaultHostManagement: {switch}}}}}"));
            let arn = format!("arn:aws:ssm:{REGION}:{MEMBER}:servicesetting{HOST_MANAGEMENT}");
            for id in [HOST_MANAGEMENT, &arn] {
                let setting = lab.ssm("GetServiceSetting", json!({"SettingId": id}))["ServiceSetting"].take();
                assert_eq!((&setting["SettingValue"], &setting["Status"]), (&json!(value), &json!(status)), "{switch}");
                assert_eq!(setting["ARN"], arn);
            }
            let nodes = lab.ssm("DescribeInstanceInformation", json!({}));
            assert_eq!(nodes["InstanceInformationList"].as_array().map(Vec::len), Some(listed));
            if listed == 1 {
                assert_eq!(nodes["InstanceInformationList"][0]["IamRole"], HOST_MANAGEMENT_ROLE);
            }
        }
        let error = Lab::new(&node).ssm_error("GetServiceSetting", json!({"SettingId": "/ssm/opsinsights/opscenter"}));
        assert_eq!(error, "ServiceSettingNotFound");
    }
}
