//! The forms of names and ids: one regular expression each, which the reader and the JSON Schema use.

use std::sync::LazyLock;

use regex_lite::Regex;

/// A form that a text must have, with its description.
pub(super) struct Form {
    pub regex: LazyLock<Regex>,
    /// What would be valid, for people.
    pub valid: &'static str,
    /// True if the value may be written as a number without quotes.
    pub digits_unquoted: bool,
}

impl Form {
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

macro_rules! form {
    ($form:ident, $pattern:ident = $regex:literal, $valid:literal, digits_unquoted: $digits:literal) => {
        pub(super) const $pattern: &str = $regex;
        pub(super) static $form: Form = Form {
            regex: LazyLock::new(|| Regex::new($pattern).expect("a constant that a test compiles")),
            valid: $valid,
            digits_unquoted: $digits,
        };
    };
}

// Both names become part of object keys and of file names, hence no dots, slashes or spaces.
form!(
    NAME,
    NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
    "1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit",
    digits_unquoted: false
);
form!(
    REGION,
    REGION_PATTERN = "^[a-z]{2,5}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$",
    "the code of a Region, such as ap-northeast-1",
    digits_unquoted: false
);
form!(
    ACCOUNT,
    ACCOUNT_PATTERN = "^[0-9]{12}$",
    "an account id of 12 digits, in quotes, such as \"111122223333\"",
    digits_unquoted: true
);
// An organizational unit (ParentId in the API: a unit or the root of the organization).
form!(
    ORGANIZATIONAL_UNIT,
    ORGANIZATIONAL_UNIT_PATTERN = "^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$",
    "the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd",
    digits_unquoted: false
);
form!(
    INSTANCE,
    INSTANCE_PATTERN = "^i-([0-9a-f]{8}|[0-9a-f]{17})$",
    "the id of an EC2 instance: i- and 8 or 17 characters of 0-9 and a-f",
    digits_unquoted: false
);
// The two patterns are those of SendCommand's MaxConcurrency and MaxErrors, with the length limit of 7 inside.
form!(
    MAX_CONCURRENCY,
    MAX_CONCURRENCY_PATTERN = "^([1-9][0-9]{0,6}|[1-9][0-9]?%|100%)$",
    "a count from 1, such as 10, or a percentage from 1% to 100%",
    digits_unquoted: true
);
form!(
    MAX_ERRORS,
    MAX_ERRORS_PATTERN = "^(0|[1-9][0-9]{0,6}|[1-9]?[0-9]%|100%)$",
    "a count from 0, such as 10, or a percentage from 0% to 100%",
    digits_unquoted: true
);
form!(
    WAVE,
    WAVE_PATTERN = "^([1-9][0-9]{0,5}|[1-9][0-9]?%|100%)$",
    "a number of accounts from 1 to 999999, or a percentage from \"1%\" to \"100%\"",
    digits_unquoted: true
);
form!(
    DEADLINE,
    DEADLINE_PATTERN = "^([1-9][0-9]?h( ?[1-9][0-9]?m)?|[1-9][0-9]{0,3}m)$",
    "a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m",
    digits_unquoted: true
);
form!(
    GATE_VALIDITY,
    GATE_VALIDITY_PATTERN = "^([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-5])d$",
    "a number of days from 1d to 365d, such as 30d",
    digits_unquoted: false
);
form!(
    DATE,
    DATE_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "a day as YYYY-MM-DD, such as 2026-11-30",
    digits_unquoted: false
);
// PatchSourceName of the API.
form!(
    SOURCE_NAME,
    SOURCE_NAME_PATTERN = "^[A-Za-z0-9_.-]{3,50}$",
    "3 to 50 letters, digits, dots, hyphens and underscores",
    digits_unquoted: false
);
/// A wave in percent, for the schema. To the reader it is one form of a wave.
pub(super) const PERCENT_PATTERN: &str = "^([1-9][0-9]?|100)%$";
