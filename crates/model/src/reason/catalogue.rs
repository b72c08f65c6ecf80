//! The closed list of reason codes: the spelling of each, what it means and what to do about it.
//!
//! To add a code, add a line here, then write the pages anew (see `pages.rs`). A spelling never changes once it is
//! released, because reports, tables and the filters of readers hold it.

/// What a group of codes is about; a heading of docs/reason-codes.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// The heading.
    pub title: &'static str,
    /// Where in a report the codes of the group stand.
    pub place: &'static str,
}

/// What a reason code means, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Help {
    /// The spelling; for a pattern with a placeholder in angle brackets.
    pub code: &'static str,
    /// What it is about.
    pub topic: Topic,
    /// One or two sentences.
    pub meaning: &'static str,
    /// One or two sentences; empty if there is nothing to do.
    pub action: &'static str,
}

/// Hands the list to the macro of that name. Per code: variant, spelling, meaning, action.
macro_rules! for_each_code {
    ($then:ident) => {
        $then! {
            {
                title: "Runs and steps",
                place: "`reason` of the run and of its steps; `halted`, `run-broken` and `never-judged` also of targets and instances that the run did not come to.",
                codes: [
                    AllStepsAdvanced "all-steps-advanced"
                        "Every step passed its gate."
                        "",
                    BaselinesOnly "baselines-only"
                        "The run is about baselines only, so it installs nothing and no limit about instances applies."
                        "",
                    EarlierStepsAdvanced "earlier-steps-advanced"
                        "Every earlier step of the run has advanced, so this step may start."
                        "",
                    Halted "halted"
                        "The run halted at an earlier step."
                        "See the reason of that step.",
                    NeverJudged "never-judged"
                        "The step ended without a decision of its gate."
                        "Look at the execution in the Step Functions console, and run orgpatch again.",
                    NothingProved "nothing-proved"
                        "No instance of the stage is patched or compliant, so it proves nothing for the next stage."
                        "Read in the reason how its targets and instances ended, fix that, and run orgpatch again. minSucceeded: 0 in the gate of the stage lets the run go on.",
                    NothingTested "nothing-tested"
                        "The stage is frozen to what the first stage was judged on, but nothing was scanned in the first stage."
                        "Make sure that orgpatch can scan at least one account of the first stage, and run it again.",
                    NothingToInstall "nothing-to-install"
                        "No instance that orgpatch could ask lacks a patch that may be installed."
                        "",
                    ResultsLost "results-lost"
                        "The results of at least one target of the step are lost, so the step does not pass its gate."
                        "See the reason of each target with the outcome error, and run orgpatch again.",
                    RunBroken "run-broken"
                        "An error ended the run before this part of it was done."
                        "See the reason of the run, and run orgpatch again.",
                    ScanRun "scan-run"
                        "The run only scans, so it installs nothing and no limit applies."
                        "",
                    StepBroken "step-broken"
                        "An error ended the step before its work was done."
                        "Read the error in the text of the reason, fix its cause, and run orgpatch again.",
                    TooFewSucceeded "too-few-succeeded"
                        "Fewer instances are patched or compliant than the gate of the step asks for (minSucceeded)."
                        "Fix the instances of the step, or lower minSucceeded in the plan, and run orgpatch again.",
                    TooManyFailed "too-many-failed"
                        "More instances failed than the gate of the step allows (maxFailedPercent)."
                        "Fix the failed instances, and run orgpatch again.",
                    TooManyBaselinesRefused "too-many-baselines-refused"
                        "AWS refused a baseline of the plan in more targets of the step than may fail (10 %, but never all), so that instances were skipped."
                        "See the reasons of those instances. If AWS takes the value nowhere, correct the plan; if the account forbids it, ask its owner. Then run orgpatch again.",
                    TooManySkipped "too-many-skipped"
                        "More instances that the plan selects were skipped than the gate of the step allows (maxSkippedPercent)."
                        "Look at the reasons of the skipped instances: a tag that the plan excludes, or another tool that patches them. Ask their owners, or raise the limit, and run orgpatch again.",
                    TooManyTargetsNotReached "too-many-targets-not-reached"
                        "orgpatch could not work on more targets of the step than its gate allows (maxTargetsNotReached)."
                        "See the reason of each target with the outcome error or access-denied, fix its cause, and run orgpatch again.",
                    TooManyUnreachable "too-many-unreachable"
                        "More instances were unreachable than the gate of the step allows (maxUnreachablePercent)."
                        "Check the SSM Agent on the unreachable instances, and run orgpatch again.",
                    WithinLimits "within-limits"
                        "The step is within the limits of its gate."
                        "",
                    Work "work"
                        "The step has something to install."
                        "",
                ]
            }
            {
                title: "Accounts outside the plan",
                place: "`accountsOutsidePlan`, also in the output of `orgpatch preview`.",
                codes: [
                    ExcludedByPlan "excluded-by-plan"
                        "The plan excludes the account."
                        "",
                    ExcludedByStage "excluded-by-stage"
                        "The stage that contains the account or its organizational unit excludes the account."
                        "",
                    NoStage "no-stage"
                        "The account is not in any stage of the plan."
                        "Add the account to a stage, or exclude it from the plan.",
                    StageNotInRun "stage-not-in-run"
                        "The run names the stages that it works on, and the stage of the account is not among them."
                        "",
                ]
            }
            {
                title: "Targets",
                place: "`reason` of a target (one account in one Region). Instances of the target may have the same code.",
                codes: [
                    AccessDenied "access-denied"
                        "orgpatch may not assume its member role in the account, or the role may not send the patch document."
                        "Deploy the member role to the account, and check its trust policy and the service control policies.",
                    AccountInactive "account-inactive"
                        "The account is pending activation, suspended or closed, so orgpatch cannot enter it."
                        "Activate the account, or exclude it from the plan.",
                    ActionDenied "action-denied"
                        "The member role lacks a permission that orgpatch needs."
                        "Deploy the current member role to the account, and check the service control policies.",
                    CallFailed "call-failed"
                        "AWS did not carry out a call in the account, as often as orgpatch tried it."
                        "Read the error in the text of the reason, and run orgpatch again.",
                    CallRejected "call-rejected"
                        "AWS rejected a call of orgpatch in the account."
                        "Read the error in the text of the reason, fix its cause, and run orgpatch again.",
                    Closed "closed"
                        "The account was suspended or closed after the run was planned, so orgpatch did nothing there."
                        "",
                    FunctionFailed "function-failed"
                        "A function of orgpatch failed on the target, as often as it was called."
                        "Read the error in the text of the reason and the log of the function, and report it.",
                    Lost "lost"
                        "No result was recorded, so orgpatch does not know what happened there."
                        "Look at the execution of the target in the Step Functions console, and run orgpatch again.",
                    Moved "moved"
                        "The account was moved out of the organizational units of the stage, or left the organization, after the run was planned. orgpatch did nothing there."
                        "If another stage has the account now, the next run works on it there.",
                    NotOrdered "not-ordered"
                        "Patches are missing, but the step broke before its install plan was written."
                        "See the reason of the step, and run orgpatch again.",
                    Reached "reached"
                        "orgpatch entered the account, and every instance has its own outcome."
                        "",
                    ReadinessOnly "readiness-only"
                        "The run checks readiness only and sends no command."
                        "",
                    RecordsChanged "records-changed"
                        "A record of the run is not what orgpatch wrote, so nothing more was sent to the target, and the run halts."
                        "Find out who wrote the object (its versions in the bucket, CloudTrail), and start a new run.",
                    RegionDisabled "region-disabled"
                        "The Region is not enabled in the account."
                        "Enable the Region in the account, or remove it from the plan.",
                    Throttled "throttled"
                        "AWS throttled the calls of orgpatch in the account until the end."
                        "Find out what else calls the API in that account and Region, and run orgpatch again.",
                ]
            }
            {
                title: "Baselines",
                place: "`reason` of a target in a run about baselines, and `baselineChanges`; `baseline-foreign`, `baseline-quota-reached`, `baseline-refused` and `baseline-tags-only` also of the instances that are skipped for it; `another-baseline`, `baseline-not-compared` and `outdated-baseline` in `judgedBy` of an instance.",
                codes: [
                    AnotherBaseline "another-baseline"
                        "Another baseline than the plan's judged the instance, so its outcome says what that baseline asks for. Scan runs change no baseline."
                        "In a scan run: run `orgpatch baselines apply`, or an install run. If the instance has a patch group, look at the baseline of that group.",
                    BaselineChangedSince "baseline-changed-since"
                        "Another baseline was registered in place of the one of orgpatch since then. It stays registered."
                        "",
                    BaselineForeign "baseline-foreign"
                        "A baseline has the name of one of orgpatch, but it is not one of this plan. orgpatch leaves it alone and skips the instances of its operating system."
                        "Rename or delete that baseline, and run orgpatch again.",
                    BaselineFrozen "baseline-frozen"
                        "The baseline approves what the first stage was judged on, and only an install run knows the day of that scan. It stays as it is."
                        "Start an install run.",
                    BaselineGone "baseline-gone"
                        "The baseline that was registered before no longer exists, so the one of orgpatch stays registered."
                        "Register the baseline that you want.",
                    BaselineKept "baseline-kept"
                        "Giving back what was registered before does not delete the baselines of orgpatch. The baseline stays in the account."
                        "",
                    BaselineNotCompared "baseline-not-compared"
                        "AWS refused to show what the account has of the baselines for the operating system, so it is not known whether the baseline that judged the instance is the plan's."
                        "Read AWS's words in the reason and allow the call. Then run orgpatch again.",
                    BaselineNotRecorded "baseline-not-recorded"
                        "No run recorded what was registered before, so the baseline of orgpatch stays registered."
                        "Register the baseline that you want.",
                    BaselineQuotaReached "baseline-quota-reached"
                        "The account has no room for another baseline in the Region. orgpatch skips the instances of the operating system."
                        "Delete baselines that you no longer need, and run orgpatch again.",
                    BaselineRefused "baseline-refused"
                        "AWS refused a call about the baseline of an operating system: a change, or a look at what the account has. An install run skips its instances in this target and works on the others."
                        "Read AWS's words in the reason: a value that AWS does not accept, or a permission or SCP that denies the call. Then run orgpatch again.",
                    BaselineTagsOnly "baseline-tags-only"
                        "A baseline has the tags of orgpatch, but its id is not in the record of what orgpatch created in this account and Region. orgpatch leaves it alone and skips the instances of its operating system."
                        "Find out who made it. Rename or delete it, and run orgpatch again, which then creates its own.",
                    BaselinesApplied "baselines-applied"
                        "The run made the baselines as the plan wants them."
                        "",
                    BaselinesDiffer "baselines-differ"
                        "The baselines differ from the plan, and the run did not change that. `baselineChanges` has the differences."
                        "",
                    BaselinesEqual "baselines-equal"
                        "The baselines are as the plan wants them."
                        "",
                    BaselinesRestored "baselines-restored"
                        "The run gave back what was registered before orgpatch."
                        "",
                    NoBaselines "no-baselines"
                        "The plan has no baselines for the stage, so orgpatch uses those of the account as they are."
                        "",
                    NothingToRestore "nothing-to-restore"
                        "There is nothing to give back: no baseline of orgpatch is registered in place of another one, or no run has recorded what was there before."
                        "",
                    NothingToScan "nothing-to-scan"
                        "No instance that orgpatch could ask has an operating system for which the plan has a baseline."
                        "",
                    OutdatedBaseline "outdated-baseline"
                        "The plan's baseline judged the instance, but in the account it differs from the plan, or still withholds patches of the last install run. That a frozen stage has the day of its last install run is no difference."
                        "Run `orgpatch baselines apply`, or an install run, which alone changes a frozen baseline.",
                ]
            }
            {
                title: "Instances that the plan does not select",
                place: "`reason` of instances with the outcome `skipped`.",
                codes: [
                    ExcludedByTag "excluded-by-tag"
                        "The plan excludes instances with a tag of this instance."
                        "",
                    ExcludedInstance "excluded-instance"
                        "The plan excludes the instance by its ID."
                        "",
                    HybridNode "hybrid-node"
                        "Systems Manager manages the node, but it is no EC2 instance: a server, a virtual machine or a device elsewhere. orgpatch lists such nodes and patches EC2 instances only."
                        "Patch it in another way.",
                    NotSelectedByOperatingSystem "not-selected-by-operating-system"
                        "The plan does not select the operating system of the instance."
                        "",
                    NotSelectedByTags "not-selected-by-tags"
                        "The instance does not have the tags that the plan selects."
                        "",
                    OtherStage "other-stage"
                        "Several stages share the account, and another one selects the instance: one that is not part of the run, or one that had listed its instances before this one came or got its tags."
                        "Start a run with that stage.",
                ]
            }
            {
                title: "Instances that are not ready",
                place: "`reason` of instances with the outcome `not-ready`; `agent-offline` also of instances that were `unreachable` when the install was sent, and `stopped` of those that were stopped after it.",
                codes: [
                    AgentOffline "agent-offline"
                        "Systems Manager has lost contact with the SSM Agent."
                        "Check the SSM Agent on the instance, and its network path to Systems Manager.",
                    OperatingSystemNotSupported "operating-system-not-supported"
                        "Patch Manager does not patch the operating system of the instance."
                        "Patch the instance in another way, and exclude it from the plan.",
                    Starting "starting"
                        "The instance is still starting."
                        "Run orgpatch again when the instance is running.",
                    Stopped "stopped"
                        "The instance is not running, and patches can be installed only while it runs."
                        "Start the instance, and run orgpatch again.",
                    Unmanaged "unmanaged"
                        "Systems Manager does not know the instance."
                        "Check the SSM Agent, the instance profile and the network path to Systems Manager.",
                ]
            }
            {
                title: "Competing patchers",
                place: "`conflicts` of an instance, `reason` of the instances that are skipped or failed for it, and `conflictNotes` of a target.",
                codes: [
                    AutoScaling "auto-scaling"
                        "The instance belongs to an Auto Scaling group, which may replace it when it reboots."
                        "Patch the image of the group instead, and refresh its instances.",
                    ConflictAssociation "conflict-association"
                        "A State Manager association runs a patch document on the instance."
                        "Remove the instance from the association, or exclude it from the plan.",
                    ConflictMaintenanceWindow "conflict-maintenance-window"
                        "A maintenance window runs a patch document on the instance before the step could end."
                        "Remove the instance from the maintenance window, or run orgpatch at another time.",
                    ConflictOtherBaseline "conflict-other-baseline"
                        "Another baseline than the plan's decides which patches the instance gets, by the result of a scan."
                        "Remove the patch group from the instance, or correct it, or give the plan's baseline that patch group. conflicts: {otherBaseline: warn} in the plan patches the instance by the other baseline.",
                    ConflictPatchPolicy "conflict-patch-policy"
                        "A Quick Setup patch policy patches the instance."
                        "Remove the instance from the patch policy, or exclude it from the plan.",
                    ConflictRunningCommand "conflict-running-command"
                        "A patch command that this run did not send runs on the instance, or orgpatch could not see whether one runs."
                        "Wait until the command has ended, and run orgpatch again.",
                    ConflictsNotSeen "conflicts-not-seen"
                        "orgpatch could not read some of the facts about other tools that patch, so it may have missed a conflict."
                        "If the member role lacks a permission, deploy the current member role to the account.",
                ]
            }
            {
                title: "Commands",
                place: "`reason` of instances to which a command was sent, or was to be sent.",
                codes: [
                    Cancelled "cancelled"
                        "An operator or another tool cancelled the command."
                        "Run orgpatch again.",
                    Deadline "deadline"
                        "The deadline of the step passed before the instance had answered; nothing further was sent to it."
                        "Look at the command of the instance if there is one, and run orgpatch again. If the step needs more time, give the stage a longer deadline.",
                    DeliveryTimedOut "delivery-timed-out"
                        "The command timed out before the SSM Agent reported a result."
                        "Check the load of the instance and the SSM Agent, and run orgpatch again.",
                    ExecutionTimedOut "execution-timed-out"
                        "The patch operation took longer than the patch document allows."
                        "Check the load of the instance and the output of the command, and run orgpatch again.",
                    Failed "failed"
                        "The patch operation failed without an exit code."
                        "Read the output of the command in the AWS console.",
                    InvalidPlatform "invalid-platform"
                        "The patch document does not run on the platform of the instance."
                        "Patch the instance in another way, and exclude it from the plan.",
                    MaxErrors "max-errors"
                        "Nothing was sent to the instance, because the install failed on more instances of the account and Region than rate.maxErrors allows."
                        "Fix the instances that failed, and run orgpatch again.",
                    NoAnswer "no-answer"
                        "The command has not ended, although all its time-outs have passed."
                        "Look at the command in the Systems Manager console of the account, and run orgpatch again.",
                    NoInvocation "no-invocation"
                        "The command names the instance but never reached it."
                        "Check the SSM Agent on the instance, and run orgpatch again.",
                    NotSent "not-sent"
                        "No command was sent to the instance, or orgpatch could not find out whether one was sent."
                        "Run orgpatch again.",
                    SendRefused "send-refused"
                        "Systems Manager refused the command, so it was not sent."
                        "Read the error in the text of the reason, fix its cause, and run orgpatch again.",
                    Terminated "terminated"
                        "The instance was terminated after it was listed. It is skipped if no install was sent to it; else it is unreachable, because the install may be why."
                        "If an Auto Scaling group replaced it, patch the image of the group.",
                    TimedOut "timed-out"
                        "The command timed out on the instance."
                        "Check the load of the instance and the SSM Agent, and run orgpatch again.",
                    RunEnded "run-ended"
                        "The run ended before the instance had answered: it was stopped, or it broke. A command that had begun goes on."
                        "Look at the command of the instance if there is one, and run orgpatch again.",
                    TooManyLooks "too-many-looks"
                        "orgpatch had looked at the account and Region as often as one execution may before the instance had answered; nothing further was sent to it."
                        "Run orgpatch again.",
                    Undeliverable "undeliverable"
                        "Systems Manager could not deliver the command to the instance."
                        "Check the SSM Agent on the instance, and run orgpatch again.",
                ]
            }
            {
                title: "Results",
                place: "`reason` of instances that were scanned or patched; `never-reboot` in `neverReboot` of an instance.",
                codes: [
                    NeverReboot "never-reboot"
                        "The plan never reboots the instance. A pending reboot counts as success there."
                        "Reboot the instance when its owner allows it. The next run then finds it compliant.",
                    NoComplianceRow "no-compliance-row"
                        "The scan ended with success, but Systems Manager has no result of it."
                        "Run orgpatch again.",
                    NothingMissing "nothing-missing"
                        "A scan found no missing patch."
                        "",
                    NotProved "not-proved"
                        "The install ended with success, but the instance was offline for the scan that would prove it."
                        "Check the SSM Agent on the instance, and run orgpatch again.",
                    Overwritten "overwritten"
                        "Another tool scanned or patched the instance at the same time, and its result replaced the one of orgpatch."
                        "Let only one tool patch the instance, and run orgpatch again.",
                    PatchesMissing "patches-missing"
                        "A scan found missing patches."
                        "",
                    PendingReboot "pending-reboot"
                        "The patches are installed. Some of them take effect only after a reboot."
                        "Reboot the instance, or let the plan reboot it.",
                    ProvedByScan "proved-by-scan"
                        "A scan after the install found no missing patch."
                        "",
                    StillMissing "still-missing"
                        "The install ended with success, but a later scan still finds missing patches."
                        "Read the output of the command in the AWS console, and run orgpatch again.",
                ]
            }
            {
                title: "Patches that the first stage has not tested",
                place: "`reason` of instances with the outcome `skipped` in a stage with `untested: block`.",
                codes: [
                    MoreUntested "more-untested"
                        "With untested patches held back, a scan found other patches that the first stage has not installed. Nothing was installed."
                        "Let the first stage install these patches, and run orgpatch again.",
                    TooManyToCompare "too-many-to-compare"
                        "More patches are missing than orgpatch lists of an instance (500), so that not all can be compared with what the first stage has installed. Nothing was installed."
                        "Replace the instance by one from a newer image, or run orgpatch once with untested: warn in that stage.",
                    TooManyUntested "too-many-untested"
                        "The plan has no baseline for the operating system, or the list of rejected patches of that baseline has no room for the untested patches. Nothing was installed."
                        "Let the first stage install these patches, or give the baseline room on its list of rejected patches, and run orgpatch again.",
                    UntestedHeldBack "untested-held-back"
                        "All missing patches are patches that the first stage has not installed, so they are held back."
                        "Let the first stage install these patches, and run orgpatch again.",
                ]
            }
            {
                title: "Tools that replaced a result",
                place: "`overwrittenBy` of an instance: the tool that probably wrote the result that was found in place of the one of orgpatch.",
                codes: [
                    Association "association"
                        "A State Manager association probably wrote the result."
                        "Remove the instance from the association, or exclude it from the plan.",
                    Command "command"
                        "A patch command that this run did not send probably wrote the result."
                        "Let only one tool patch the instance, and run orgpatch again.",
                    MaintenanceWindow "maintenance-window"
                        "A task of a maintenance window probably wrote the result."
                        "Remove the instance from the maintenance window, or run orgpatch at another time.",
                    PatchPolicy "patch-policy"
                        "A Quick Setup patch policy probably wrote the result."
                        "Remove the instance from the patch policy, or exclude it from the plan.",
                    Somebody "somebody"
                        "Another tool wrote the result, and nothing that orgpatch can see explains which one."
                        "Find the operation in the command history of the account, and run orgpatch again.",
                ]
            }
            {
                title: "Cautions about a plan",
                place: "the output of `orgpatch preview`: what a plan may say but seldom means.",
                codes: [
                    DelayFromUpdatedDate "delay-from-updated-date"
                        "On Amazon Linux 2 the delay counts from the day of a patch's last update, so each update restarts it."
                        "Approve patches until a date instead, if each update must not restart the delay.",
                    NeverTested "never-tested"
                        "The stage selects operating systems that the first stage does not select, so none of their patches is ever tested."
                        "Select these operating systems in the first stage, too.",
                    OwnDatesHeldBack "own-dates-held-back"
                        "Rules with approval dates of their own approve patches that the first stage may not have installed. The setting untested: block holds these patches back."
                        "Remove the dates of these rules, or set untested to warn or allow.",
                    WindowsDelayBeyondAMonth "windows-delay-beyond-a-month"
                        "With so long a delay, a newer update may supersede a Windows update before the delay is over. The older update is then never installed."
                        "Choose a shorter delay.",
                ]
            }
            {
                title: "Errors that end a run",
                place: "`reason` of a run with the decision `error`, and of its steps that did not end. The execution fails under the same name. The errors that end a run before its first step appear only as the name of the failed execution.",
                codes: [
                    ErrorAccessDenied "AccessDenied"
                        "AWS refuses a call in orgpatch's own account: the deployment lacks a permission."
                        "Deploy the template again.",
                    ErrorAccountInTwoStages "AccountInTwoStages"
                        "Two stages of the plan claim the same account."
                        "Exclude the account from one of the two stages.",
                    ErrorBrokenRun "BrokenRun"
                        "A record that the run wrote earlier is missing or unreadable."
                        "Start a new run.",
                    ErrorEarlierStageNotPassed "EarlierStageNotPassed"
                        "An install run leaves out a stage that lies before one of its stages and has not passed."
                        "Install on the earlier stage first, or name it in the input, too.",
                    ErrorFirstStageNotInRun "FirstStageNotInRun"
                        "The run works on a stage that is compared with the first stage of the plan. The first stage is not in the run, and no install run in which it passed is remembered."
                        "Name both stages in the input, or install on the first stage before.",
                    ErrorInvalidInput "InvalidInput"
                        "The execution input, or the input of a function, is not valid."
                        "Read the error in the text of the reason, and correct the input.",
                    ErrorInvalidPlan "InvalidPlan"
                        "The plan document has errors."
                        "Run orgpatch validate, and fix the errors that it lists.",
                    ErrorOrganizationUnreadable "OrganizationUnreadable"
                        "orgpatch cannot read the organization from this account."
                        "Deploy orgpatch to the management account or to a delegated administrator's account.",
                    ErrorPlanNotFound "PlanNotFound"
                        "The runs bucket has no plan of that name."
                        "Upload the plan, or name another one.",
                    ErrorRecordsChanged "RecordsChanged"
                        "A record of the run is not what orgpatch wrote. Nothing is sent from then on."
                        "Find out who wrote the object (its versions in the bucket, CloudTrail), and start a new run.",
                    ErrorRunClosed "RunClosed"
                        "The run had ended without a report and was closed by another execution. Nothing is sent from then on."
                        "Start a new run. Do not redrive executions of orgpatch.",
                    ErrorRunIdTaken "RunIdTaken"
                        "The name of the run was used before, or objects were put under it."
                        "Start the run under another name.",
                    ErrorRunLockLost "RunLockLost"
                        "The run no longer holds the run lock: it was stopped and then continued, and another run has taken the lock. Nothing is sent from then on."
                        "Start a new run. Do not redrive executions of orgpatch.",
                    ErrorRunInProgress "RunInProgress"
                        "Another run holds the run lock."
                        "Wait until the other run has ended, or stop it.",
                    ErrorRunStopped "RunStopped"
                        "The execution of the run was stopped. Its report was made afterwards, from what the run had recorded."
                        "Start the run again: nothing is installed twice. The report lists the commands that had not ended.",
                    ErrorStageWithoutAccounts "StageWithoutAccounts"
                        "A stage has no account, so its gate would prove nothing."
                        "Add an account to the stage, or remove the stage from the plan.",
                    ErrorThrottled "Throttled"
                        "AWS throttled a call for longer than orgpatch retries."
                        "Run orgpatch again later, or lower rate.targets in the plan.",
                    ErrorUnavailable "Unavailable"
                        "AWS, or the network on the way to it, failed for longer than orgpatch retries."
                        "Run orgpatch again later.",
                    ErrorUnknownAccount "UnknownAccount"
                        "The plan names an account that is not in the organization."
                        "Correct the account ID in the plan, or remove it.",
                    ErrorUnknownOrganizationalUnit "UnknownOrganizationalUnit"
                        "A stage names an organizational unit that the organization does not have."
                        "Correct the ID of the organizational unit in the plan, or remove it.",
                    ErrorUnknownStage "UnknownStage"
                        "The input names a stage that the plan does not have."
                        "Name a stage of the plan.",
                ]
            }
        }
    };
}
pub(super) use for_each_code;
