//! Instances of Auto Scaling groups. A reboot can make the group replace an instance, and the patches of a replaced
//! instance are lost.

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::ConflictSettings;

use super::Collected;
use super::decision::Action;

/// Tag that Auto Scaling puts on its instances.
pub(crate) const TAG: &str = "aws:autoscaling:groupName";

pub(super) fn collect(instances: &[&Ec2Instance], settings: ConflictSettings, collected: &mut Collected) {
    let action = Action::from(settings.auto_scaling);
    for instance in instances {
        if let Some(group) = instance.tags.get(TAG) {
            let text = format!(
                "the instance belongs to Auto Scaling group {group}, which may replace it when it reboots; patch the image \
                 of the group instead"
            );
            collected.add(instance, action, ReasonCode::AutoScaling, text);
        }
    }
}
