//! The type of a reason's code: a closed list, exit codes, and error names of AWS services.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::catalogue::{Help, Topic, for_each_code};
use crate::exit_code;

/// How the code of an exit code begins.
const EXIT_CODE: &str = "exit-code-";

/// The spelling of exit codes as a regular expression.
const EXIT_CODE_PATTERN: &str = r"^exit-code-(0|-?[1-9][0-9]*)$";

/// The spelling of error names of AWS services as a regular expression; [`ServiceErrorName`] takes the same.
const SERVICE_ERROR_PATTERN: &str = r"^[A-Z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+$";

/// What is said about every exit code; `<n>` stands for the number.
pub(super) const ANY_EXIT_CODE: Help = Help {
    code: "exit-code-<n>",
    topic: Topic {
        title: "Exit codes of the patch document",
        place: "`reason` of instances: the scan or the install ended with exit code `<n>` of `AWS-RunPatchBaseline`.",
    },
    meaning: "The patch operation ended with exit code <n>.",
    action: "Read the output of the command in the AWS console.",
};

/// What is said about every error name of an AWS service; `<error>` stands for the name.
pub(super) const ANY_SERVICE_ERROR: Help = Help {
    code: "<error>",
    topic: Topic {
        title: "Errors of AWS services",
        place: "`reason` of a run with the decision `error`, and of its steps that did not end: an error name of Step \
                Functions or Lambda, such as `States.Timeout`.",
    },
    meaning: "AWS Step Functions or AWS Lambda reported the error <error>.",
    action: "Look at the execution in the Step Functions console, and run orgpatch again.",
};

macro_rules! define {
    ($( { title: $title:literal, place: $place:literal, codes: [ $( $variant:ident $code:literal $meaning:literal $action:literal, )* ] } )*) => {
        /// Why something is as it is, for programs.
        ///
        /// The list is closed: rules compare values of this type and never texts, and an unknown code in a stored
        /// document is an error. Codes are ordered by their spelling.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum ReasonCode {
            $( $(
                #[doc = $meaning]
                $variant,
            )* )*
            /// The patch document ended with that exit code.
            ExitCode(i64),
            /// An AWS service reported an error of that name, which ended the run.
            ServiceError(ServiceErrorName),
        }

        impl ReasonCode {
            /// Every code of the closed list, by topic.
            pub const LISTED: &'static [Self] = &[ $( $( Self::$variant, )* )* ];

            /// Returns the code of that spelling; None if there is none.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Some(match name {
                    $( $( $code => Self::$variant, )* )*
                    _ => return Self::of_pattern(name),
                })
            }

            pub(super) fn help(&self) -> Help {
                match self {
                    $( $( Self::$variant => Help {
                        code: $code,
                        topic: Topic { title: $title, place: $place },
                        meaning: $meaning,
                        action: $action,
                    }, )* )*
                    Self::ExitCode(_) => ANY_EXIT_CODE,
                    Self::ServiceError(_) => ANY_SERVICE_ERROR,
                }
            }
        }
    };
}
for_each_code!(define);

impl ReasonCode {
    /// Returns the code of an error that ended a run, by the name under which the state machine caught it. A name that
    /// has not the form of an error name, such as the Rust type of a panic, becomes [`ReasonCode::RunBroken`]: the report
    /// must be written whatever the name is, and the reason's text holds it.
    #[must_use]
    pub fn of_error(name: &str) -> Self {
        match Self::from_name(name) {
            Some(code) if name.starts_with(|first: char| first.is_ascii_uppercase()) => code,
            _ => Self::RunBroken,
        }
    }

    /// Returns the spelling in reports.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::ExitCode(code) => format!("{EXIT_CODE}{code}").into(),
            Self::ServiceError(name) => name.0.clone().into(),
            listed => listed.help().code.into(),
        }
    }

    /// Returns what the code means: one or two sentences.
    #[must_use]
    pub fn meaning(&self) -> Cow<'static, str> {
        let meaning = self.help().meaning;
        match self {
            Self::ExitCode(code) => match exit_code::explain(*code) {
                Some(known) => format!("The patch operation ended with exit code {code}: {known}.").into(),
                None => meaning.replace("<n>", &code.to_string()).into(),
            },
            Self::ServiceError(name) => meaning.replace("<error>", &name.0).into(),
            _ => meaning.into(),
        }
    }

    /// Returns what to do about it: one or two sentences, or nothing.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.help().action
    }

    /// Returns what the code is about.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.help().topic
    }

    fn of_pattern(name: &str) -> Option<Self> {
        if let Some(number) = name.strip_prefix(EXIT_CODE) {
            // One spelling for each number: no sign before a positive one, no leading zeros.
            let code = number.parse::<i64>().ok().filter(|code| code.to_string() == number)?;
            return Some(Self::ExitCode(code));
        }
        ServiceErrorName::new(name).map(Self::ServiceError)
    }
}

/// The name of an error of an AWS service, such as `States.Timeout`: words of letters and digits joined by points, the
/// first with a capital.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceErrorName(String);

impl ServiceErrorName {
    /// Returns the name; None if it does not have that form.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let words_are_plain =
            name.split('.').all(|word| !word.is_empty() && word.chars().all(|one| one.is_ascii_alphanumeric()));
        let is_name = words_are_plain && name.contains('.') && name.starts_with(|one: char| one.is_ascii_uppercase());
        is_name.then(|| Self(name.to_owned()))
    }
}

impl Ord for ReasonCode {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(&other.name())
    }
}

impl PartialOrd for ReasonCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl FromStr for ReasonCode {
    type Err = UnknownReasonCode;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::from_name(name).ok_or_else(|| UnknownReasonCode(name.to_owned()))
    }
}

/// A text that is no reason code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason code {0:?}; if a newer version of orgpatch wrote the document, read it with that version")]
pub struct UnknownReasonCode(String);

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// An unknown code is an error that names it, and is not kept as a text. Rules decide by codes: an old version that
/// cannot know what a code means must not decide anything by a document that has it. Documents of older versions stay
/// readable, because no code ever leaves the list.
impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = ReasonCode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reason code")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ReasonCode, E> {
                name.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Name)
    }
}

impl JsonSchema for ReasonCode {
    fn schema_name() -> Cow<'static, str> {
        "ReasonCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut listed: Vec<Cow<'static, str>> = Self::LISTED.iter().map(Self::name).collect();
        listed.sort_unstable();
        json_schema!({
            "description": "Why something is as it is, for programs. docs/reason-codes.md says what each code means and what to do about it.",
            "anyOf": [
                {"type": "string", "enum": listed},
                {
                    "description": "The exit code of the patch document.",
                    "type": "string",
                    "pattern": EXIT_CODE_PATTERN,
                },
                {
                    "description": "The name of an error of an AWS service that ended the run.",
                    "type": "string",
                    "pattern": SERVICE_ERROR_PATTERN,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::error::{HALTED, REPORT_UNWRITTEN, RunError};
    use crate::reason::Reason;

    fn read(code: &str) -> Result<ReasonCode, serde_json::Error> {
        serde_json::from_value(serde_json::json!(code))
    }

    #[test]
    fn every_code_is_written_and_read_under_one_name() {
        let names: BTreeSet<String> = ReasonCode::LISTED.iter().map(|code| code.name().into_owned()).collect();
        assert_eq!(names.len(), ReasonCode::LISTED.len(), "a spelling is there twice");
        let exits = [-1, 0, 1, 156, 4_294_967_295].map(ReasonCode::ExitCode);
        let errors = ["States.Timeout", "Lambda.Unknown"].map(ReasonCode::of_error);
        for code in ReasonCode::LISTED.iter().chain(&exits).chain(&errors) {
            let reason = Reason::new(code.clone(), "why");
            let text = serde_json::to_string(&reason).expect("JSON");
            assert_eq!(text, format!(r#"{{"code":"{code}","text":"why"}}"#));
            assert_eq!(serde_json::from_str::<Reason>(&text).expect("the same"), reason);
        }
    }

    #[test]
    fn exit_codes_and_error_names_are_typed() {
        assert_eq!(read("exit-code-156").expect("a code"), ReasonCode::ExitCode(156));
        assert_eq!(read("exit-code--1").expect("a code"), ReasonCode::ExitCode(-1));
        assert_eq!(ReasonCode::of_error("BrokenRun"), ReasonCode::ErrorBrokenRun);
        assert!(matches!(ReasonCode::of_error("States.Timeout"), ReasonCode::ServiceError(_)));
        for name in ["", "halted", "&alloc::string::String", "Timeout", "States.", "exit-code-1"] {
            assert_eq!(ReasonCode::of_error(name), ReasonCode::RunBroken, "{name}");
        }
    }

    #[test]
    fn an_unknown_code_is_an_error_that_names_it() {
        for name in ["not-managed", "", "Halted", "exit-code-", "exit-code-01", "exit-code-+1", "exit-code-x", "a.b"] {
            let error = read(name).expect_err("refused").to_string();
            assert!(error.contains(&format!("unknown reason code {name:?}")), "{error}");
        }
    }

    #[test]
    fn every_error_that_ends_a_run_has_a_code() {
        // These two are the names of executions only.
        for name in RunError::NAMES.into_iter().filter(|name| ![HALTED, REPORT_UNWRITTEN].contains(name)) {
            assert_eq!(ReasonCode::of_error(name).name(), name);
        }
    }

    #[test]
    fn texts_are_whole_sentences() {
        let patterns = [ReasonCode::ExitCode(156), ReasonCode::ExitCode(77), ReasonCode::of_error("States.Timeout")];
        for code in ReasonCode::LISTED.iter().chain(&patterns) {
            let (meaning, action) = (code.meaning(), code.action());
            assert!(meaning.starts_with(|first: char| first.is_ascii_alphabetic()), "{code}: {meaning}");
            assert!(meaning.ends_with('.') && !meaning.ends_with(".."), "{code}: {meaning}");
            assert!(action.is_empty() || action.ends_with('.'), "{code}: {action}");
        }
        assert_eq!(
            ReasonCode::ExitCode(156).meaning(),
            "The patch operation ended with exit code 156: the patch module could not be downloaded (is S3 reachable from the instance?)."
        );
        assert_eq!(ReasonCode::ExitCode(77).meaning(), "The patch operation ended with exit code 77.");
    }

    #[test]
    fn codes_are_ordered_as_they_are_spelt() {
        assert!(ReasonCode::ConflictRunningCommand > ReasonCode::ConflictAssociation);
        assert!(ReasonCode::ConflictsNotSeen > ReasonCode::ConflictRunningCommand);
        assert!(ReasonCode::ExitCode(10) < ReasonCode::ExitCode(9));
    }
}
