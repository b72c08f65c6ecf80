//! Shows why a command has no result: one sentence, and what to do next.

use annotate_snippets::{Group, Level, Renderer};

/// What to do if there are no credentials.
pub const SIGN_IN: &str = "sign in (`aws sso login`, `aws configure`) or name another --profile; \
                           `aws sts get-caller-identity` shows the identity in use";

/// What to do if AWS did not answer.
pub const TRY_AGAIN: &str = "check the network, sign in again if the session has expired, and try again";

/// Renders the sentence with the advice below it.
pub fn render(renderer: &Renderer, sentence: &str, advice: &str) -> String {
    let title = one_line(sentence);
    renderer.render(&[Group::with_title(Level::ERROR.primary_title(title)).element(Level::HELP.message(advice))])
}

/// Puts a text on one line. Messages of services sometimes have line breaks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
