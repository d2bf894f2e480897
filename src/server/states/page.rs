//! Pages of a listing, and the tokens that lead from one to the next.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::value::Value;

/// How many there are on a page unless somebody says otherwise, and at most.
const USUAL: usize = 100;
const MOST: usize = 1000;
/// How long a token is good for.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);

/// A page that somebody asks for.
pub(super) struct Page {
    scope: u64,
    from: usize,
    most: usize,
    now: Timestamp,
}

impl Page {
    /// What `maxResults` and `nextToken` ask for. A token is good for requests with the same scope only.
    ///
    /// # Errors
    /// InvalidToken: it is none of ours, of another request, or too old.
    pub(super) fn asked(now: Timestamp, input: &Value, scope: &str) -> Result<Page, ServiceError> {
        let mut hasher = DefaultHasher::new();
        scope.hash(&mut hasher);
        let scope = hasher.finish();
        let most = input.get("maxResults").and_then(Value::as_whole).map_or(USUAL, |n| usize::try_from(n).unwrap_or(USUAL).min(MOST));
        let from = match input.get("nextToken").and_then(Value::as_str) {
            Some(token) => {
                let invalid = || ServiceError::modelled("InvalidToken", "Invalid Token: 'Invalid token'");
                Page::read(token, scope, now).ok_or_else(invalid)?
            }
            None => 0,
        };
        Ok(Page { scope, from, most: if most == 0 { USUAL } else { most }, now })
    }
    fn read(token: &str, scope: u64, now: Timestamp) -> Option<usize> {
        let part = |n: usize| u64::from_str_radix(token.get(n * 16..(n + 1) * 16)?, 16).ok();
        let made_at = Timestamp::from_millis(i64::try_from(part(1)?).ok()?);
        let is_ours = token.len() == 48 && part(0)? == scope && now.since(made_at) <= GOOD_FOR;
        is_ours.then(|| part(2).and_then(|n| usize::try_from(n).ok()))?
    }
    /// Which of so many are on the page.
    pub(super) fn range(&self, of: usize) -> (usize, usize) {
        (self.from.min(of), self.from.saturating_add(self.most).min(of))
    }
    /// The token for the page after this one, where there is one.
    pub(super) fn next(&self, of: usize) -> Option<String> {
        let (_, to) = self.range(of);
        (to < of).then(|| format!("{:016x}{:016x}{to:016x}", self.scope, self.now.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_the_next_page_of_the_same_request_for_a_day() {
        let now = Timestamp::EPOCH_DEFAULT;
        let input = |text: &str| Value::parse(text).unwrap();
        let first = Page::asked(now, &input(r#"{"maxResults": 2}"#), "a").unwrap();
        assert_eq!(first.range(3), (0, 2));
        let token = first.next(3).unwrap();
        let more = input(&format!(r#"{{"maxResults": 2, "nextToken": "{token}"}}"#));
        let second = Page::asked(now, &more, "a").unwrap();
        assert_eq!((second.range(3), second.next(3)), ((2, 3), None));
        assert_eq!(Page::asked(now, &more, "b").err().unwrap().code, "InvalidToken");
        assert!(Page::asked(now + GOOD_FOR + Duration::from_millis(1), &more, "a").is_err());
        for broken in ["", "x", "é", &"é".repeat(24), &token[1..], &format!("{token}0")] {
            let asked = Value::object([("nextToken", Value::from(broken))]);
            assert!(Page::asked(now, &asked, "a").is_err(), "{broken}");
        }
        assert_eq!(Page::asked(now, &input(r#"{"maxResults": 0}"#), "a").unwrap().range(1000), (0, 100));
    }
}
