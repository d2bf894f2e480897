//! Long lists, a page at a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::setting::text;
use crate::services::ServiceError;
use crate::time::{DurationExt, Timestamp};
use crate::value::{Map, Value};

/// Items on a page where the request does not say how many, or says 0.
const USUAL: usize = 100;
/// A token is good for so many hours.
const TOKEN_HOURS: u64 = 24;

/// What a request says about pages.
///
/// A token is bound to its request: `scope` is the operation and, after a blank, whatever else chooses the items, such as
/// the ARN of a state machine.
pub(crate) struct Paging<'a> {
    now: Timestamp,
    scope: &'a str,
    most: usize,
    token: Option<&'a str>,
}

/// One page, and the token of the next.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<'a> Paging<'a> {
    /// Reads `maxResults` and `nextToken`, which [`check`](super::constraint::check) has looked at.
    pub(crate) fn of(now: Timestamp, scope: &'a str, input: &'a Value) -> Paging<'a> {
        let asked = input.get("maxResults").and_then(Value::as_whole).and_then(|n| usize::try_from(n).ok());
        let most = asked.filter(|n| *n > 0).unwrap_or(USUAL);
        Paging { now, scope, most, token: text(input, "nextToken") }
    }

    /// The page that is asked for. `key` is what an item has to itself: the next page goes on after it even if items
    /// came or went before it.
    ///
    /// # Errors
    /// `InvalidToken`: a token that is none, is another request's, or is too old.
    pub(crate) fn page<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, ServiceError> {
        let mut items: Vec<T> = items.into_iter().collect();
        let start = match self.token {
            None => 0,
            Some(token) => {
                let last = self.read(token)?;
                // Where the last one is gone, what followed it has moved up into its place.
                items.iter().position(|item| key(item) == last.key).map_or(last.place, |at| at + 1)
            }
        };
        let mut items: Vec<T> = items.drain(start.min(items.len())..).collect();
        let is_more = items.len() > self.most;
        items.truncate(self.most);
        let last = items.last().filter(|_| is_more);
        let next = last.map(|last| self.write(start + items.len() - 1, &key(last)));
        Ok(Page { items, next })
    }

    fn write(&self, place: usize, key: &str) -> String {
        let until = (self.now + TOKEN_HOURS.hours()).as_millis();
        let (operation, scope) = self.hashes();
        let what = format!("{until} {operation} {scope} {place} {key}");
        URL_SAFE_NO_PAD.encode(format!("{:016x}{what}", hash(&what)))
    }

    /// Of the operation, and of the whole scope.
    fn hashes(&self) -> (u64, u64) {
        let operation = self.scope.split(' ').next().unwrap_or_default();
        (hash(operation), hash(self.scope))
    }

    fn read(&self, token: &str) -> Result<Last, ServiceError> {
        let last = Last::read(token).filter(|last| self.now <= last.until).ok_or_else(|| invalid("Invalid token"))?;
        match last.scope == self.hashes() {
            true => Ok(last),
            // Of the same operation, asked for something else.
            false if last.scope.0 == self.hashes().0 => Err(invalid("Input inconsistent with page token")),
            false => Err(invalid("Invalid token")),
        }
    }
}

/// FNV-1a. Whoever keeps to the API never notices it; a token that is torn or taken elsewhere does not fit.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What a token says: the last item of the page before.
struct Last {
    /// How long the token is good.
    until: Timestamp,
    /// See [`Paging::hashes`].
    scope: (u64, u64),
    place: usize,
    key: String,
}

impl Last {
    fn read(token: &str) -> Option<Last> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (seal, what) = text.split_at_checked(16)?;
        let mut parts = what.splitn(5, ' ');
        let mut next = || parts.next();
        let last = Last {
            until: Timestamp::from_millis(next()?.parse().ok()?),
            scope: (next()?.parse().ok()?, next()?.parse().ok()?),
            place: next()?.parse().ok()?,
            key: next()?.to_owned(),
        };
        (u64::from_str_radix(seal, 16).ok()? == hash(what)).then_some(last)
    }
}

fn invalid(why: &str) -> ServiceError {
    ServiceError::modelled("InvalidToken", format!("Invalid Token: '{why}'"))
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(show).collect(), next: self.next }
    }
    /// The answer that a list operation gives.
    pub(crate) fn into_value(self, name: &'static str, show: impl Fn(T) -> Value) -> Value {
        let mut answer = Map::new();
        answer.insert(name, self.items.into_iter().map(show).collect::<Vec<_>>());
        if let Some(token) = self.next {
            answer.insert("nextToken", token);
        }
        answer.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH_DEFAULT;

    fn ask(token: Option<&str>) -> Value {
        Value::object([("maxResults", 3.into()), ("nextToken", token.map_or(Value::Null, Value::from))])
    }

    fn page(items: &[u32], token: Option<&str>, scope: &str, now: Timestamp) -> Result<Page<u32>, ServiceError> {
        let ask = ask(token);
        Paging::of(now, scope, &ask).page(items.iter().copied(), u32::to_string)
    }

    #[test]
    fn pages_follow_one_another_until_there_is_nothing_more() {
        let items: Vec<u32> = (0..7).collect();
        let first = page(&items, None, "s", NOW).unwrap();
        let second = page(&items, first.next.as_deref(), "s", NOW).unwrap();
        let third = page(&items, second.next.as_deref(), "s", NOW).unwrap();
        assert_eq!((first.items, second.items, third.items), (vec![0, 1, 2], vec![3, 4, 5], vec![6]));
        assert_eq!(third.next, None);
        assert_eq!(page(&items[..3], None, "s", NOW).unwrap().next, None);
    }

    #[test]
    fn a_page_goes_on_after_the_last_one_whatever_came_or_went() {
        let first = page(&[5, 6, 7, 8], None, "s", NOW).unwrap();
        assert_eq!(page(&[1, 2, 5, 6, 7, 8], first.next.as_deref(), "s", NOW).unwrap().items, [8]);
        assert_eq!(page(&[5, 6, 8, 9], first.next.as_deref(), "s", NOW).unwrap().items, [8, 9]);
        assert!(page(&[], first.next.as_deref(), "s", NOW).unwrap().items.is_empty());
    }

    #[test]
    fn a_token_is_good_for_its_request_and_for_a_day() {
        let items = [1, 2, 3, 4];
        let token = page(&items, None, "s", NOW).unwrap().next.unwrap();
        assert!(page(&items, Some(&token), "s", NOW + 24.hours()).is_ok());
        let torn = &token[..token.len() - 1];
        for (token, scope, now, why) in [
            (&*token, "s of another", NOW, "Input inconsistent with page token"),
            (&*token, "other", NOW, "Invalid token"),
            (&*token, "s", NOW + 25.hours(), "Invalid token"),
            (torn, "s", NOW, "Invalid token"),
            ("é", "s", NOW, "Invalid token"),
            ("invalid", "s", NOW, "Invalid token"),
        ] {
            let error = page(&items, Some(token), scope, now).unwrap_err();
            assert_eq!(error.to_string(), format!("InvalidToken: Invalid Token: '{why}'"), "{token} {scope}");
        }
    }
}
