//! Instances of Auto Scaling groups: a reboot can make the group replace them, and at the next scale-in the patches are
//! gone with the instance.

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::{ConflictSettings, SkipOrWarn};

use super::Found;
use super::decision::Action;

/// Tag that Auto Scaling puts on its instances.
const TAG: &str = "aws:autoscaling:groupName";

pub(super) fn find(instances: &[&Ec2Instance], settings: ConflictSettings, found: &mut Found) {
    let action = match settings.auto_scaling {
        SkipOrWarn::Skip => Action::Skip,
        SkipOrWarn::Warn => Action::Warn,
    };
    for instance in instances {
        if let Some(group) = instance.tags.get(TAG) {
            let text = format!(
                "the instance belongs to Auto Scaling group {group}, which may replace it when it reboots; patch the image \
                 of the group instead"
            );
            found.add(instance, action, ReasonCode::AutoScaling, text);
        }
    }
}
