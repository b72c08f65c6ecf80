//! Reads the sources of a baseline.

use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{self, At, Decoder, Located};
use super::super::pattern::SOURCE_NAME;
use super::read::{SOURCE, at_most, short, shorts};
use super::sources::{self, Refused};
use super::{MAX_CONFIGURATION, MAX_PRODUCT, MAX_SOURCES, MAX_VALUES, PatchSource, values};

#[allow(clippy::unnecessary_wraps, reason = "one of the fields that `linux_only` reads")]
pub(super) fn sources(decoder: &mut Decoder, at: &At<'_>, os: OperatingSystem) -> Option<Vec<PatchSource>> {
    let items = decoder.list(at, "a list of sources, each with name, products and configuration");
    let items = at_most(decoder, at, items, MAX_SOURCES, "sources");
    let mut names = Vec::new();
    let sources = items
        .iter()
        .filter_map(|item| {
            let (name, source) = source(decoder, item, os)?;
            names.extend(name);
            Some(source)
        })
        .collect();
    decoder.unique(names);
    Some(sources)
}

fn source(decoder: &mut Decoder, at: &At<'_>, os: OperatingSystem) -> Option<(Option<Located<String>>, PatchSource)> {
    let fields = decoder.fields(at, &SOURCE)?;
    let name = fields.require(decoder, "name", SOURCE_NAME.valid).and_then(|at| decoder.form(&at, &SOURCE_NAME));
    let valid = "a list of versions of the operating system, such as [AmazonLinux2023], or [\"*\"]";
    let products = fields.require(decoder, "products", valid).map(|at| {
        let items = decoder.list_of_some(&at, valid);
        let items = at_most(decoder, &at, items, MAX_VALUES, "products");
        let found = shorts(decoder, &items, MAX_PRODUCT, "a product");
        values::check_products(decoder, os, &found);
        decode::values(found)
    });
    let valid = "the configuration of the repository";
    let configuration =
        fields.require(decoder, "configuration", valid).and_then(|at| short(decoder, &at, MAX_CONFIGURATION, valid));
    if let Some(text) = &configuration
        && let Err(Refused { problem, valid }) = sources::addresses(os, &text.value)
    {
        decoder.refuse(&text.path, text.place, problem, valid);
    }
    let source = PatchSource {
        name: name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        products: products.unwrap_or_default(),
        configuration: configuration.map(|found| found.value).unwrap_or_default(),
    };
    Some((name, source))
}
