//! How the command line says why it has no result: one sentence, and what to do next.

use annotate_snippets::{Group, Level, Renderer};

/// What to do where nobody is signed in.
pub const SIGN_IN: &str = "sign in (`aws sso login`, `aws configure`) or name another --profile; \
                           `aws sts get-caller-identity` shows who you are";

/// What to do where AWS gave no answer.
pub const TRY_AGAIN: &str = "check the network, sign in again if the session has expired, and try again";

/// The sentence and the advice below each other.
pub fn render(renderer: &Renderer, sentence: &str, advice: &str) -> String {
    let title = one_line(sentence);
    renderer.render(&[Group::with_title(Level::ERROR.primary_title(title)).element(Level::HELP.message(advice))])
}

/// Messages of services come with line breaks now and then.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
