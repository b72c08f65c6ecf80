//! Pages and tokens. A token is opaque to callers and belongs to the list that it came from.
use crate::facts::ids;

/// A page.
#[derive(Debug)]
pub struct Page<T> {
    /// The items on the page.
    pub items: Vec<T>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// The token does not belong to this list.
#[derive(Debug, PartialEq, Eq)]
pub struct BadToken;

/// Cuts a page of `size` out of `items`. With `empty_pages`, some pages are preceded by an empty page with a token.
/// Callers that stop at an empty page lose the rest.
pub fn page<T>(
    list: &str,
    items: impl IntoIterator<Item = T>,
    size: usize,
    token: Option<&str>,
    empty_pages: bool,
) -> Result<Page<T>, BadToken> {
    let (offset, gap_passed) = token.map_or(Ok((0, false)), |token| read(list, token))?;
    if empty_pages && !gap_passed && has_gap(list, offset) {
        return Ok(Page { items: Vec::new(), next: Some(write(list, offset, true)) });
    }
    let mut rest = items.into_iter().skip(offset);
    let items: Vec<T> = rest.by_ref().take(size).collect();
    let next = rest.next().map(|_| write(list, offset + size, false));
    Ok(Page { items, next })
}

/// Returns whether an empty page comes first: always before the first page of `ListAccounts`, elsewhere at about one
/// position in three.
fn has_gap(list: &str, offset: usize) -> bool {
    list == "ListAccounts" && offset == 0 || ids::hex(&["gap", list, &offset.to_string()], 1).as_str() < "5"
}

fn write(list: &str, offset: usize, gap_passed: bool) -> String {
    format!("{}{}{offset:x}", ids::hex(&["token", list], 16), if gap_passed { 'g' } else { 'p' })
}

fn read(list: &str, token: &str) -> Result<(usize, bool), BadToken> {
    let rest = token.strip_prefix(&ids::hex(&["token", list], 16)).ok_or(BadToken)?;
    let (gap, offset) = rest.split_at_checked(1).ok_or(BadToken)?;
    Ok((usize::from_str_radix(offset, 16).map_err(|_| BadToken)?, gap == "g"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(empty_pages: bool) -> (Vec<usize>, Vec<usize>) {
        let (mut seen, mut sizes, mut token) = (Vec::new(), Vec::new(), None);
        loop {
            let page = page("ListAccounts", 0..45, 20, token.as_deref(), empty_pages).expect("own token");
            sizes.push(page.items.len());
            seen.extend(page.items);
            token = page.next;
            if token.is_none() {
                return (seen, sizes);
            }
        }
    }

    #[test]
    fn every_item_comes_once_and_empty_pages_come_in_between() {
        let (seen, sizes) = walk(false);
        assert_eq!((seen, sizes), ((0..45).collect(), vec![20, 20, 5]));
        let (seen, sizes) = walk(true);
        assert_eq!(seen, (0..45).collect::<Vec<_>>());
        assert_eq!(sizes[0], 0, "the first page of ListAccounts comes empty");
    }

    #[test]
    fn the_last_full_page_has_no_token_and_foreign_tokens_are_refused() {
        let last = page("A", 0..20, 20, None, false).expect("no token");
        assert!(last.next.is_none());
        let token = page("A", 0..21, 20, None, false).expect("no token").next.expect("more");
        assert_eq!(page("B", 0..21, 20, Some(&token), false).expect_err("foreign"), BadToken);
    }
}
