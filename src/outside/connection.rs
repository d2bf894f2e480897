//! Connections of EventBridge: how requests of HTTP Tasks are let in.

use std::fmt;

use crate::value::Value;

/// A connection as EventBridge keeps it: how requests are let in, and what goes with every one of them.
///
/// ```
/// use rehearsal::outside::Connection;
///
/// let stripe = Connection::basic("sk_test_1", "").header("Stripe-Version", "2024-06-20");
/// let crm = Connection::oauth("client", "secret", "https://login.example.com/oauth/token").token_body("scope", "orders");
/// # let _ = (stripe, crm);
/// ```
#[derive(Clone, PartialEq)]
pub struct Connection {
    pub(crate) auth: Auth,
    /// Headers, query parameters and members of the body that go with every request.
    pub(crate) headers: Pairs,
    pub(crate) query: Pairs,
    pub(crate) body: Pairs,
}

/// Names and values.
pub(crate) type Pairs = Vec<(String, String)>;

/// How requests are let in.
#[derive(Clone, PartialEq)]
#[expect(clippy::enum_variant_names, reason = "the field calls it so")]
pub(crate) enum Auth {
    /// By nothing.
    Nothing,
    /// `Authorization: Basic …`
    Basic { user: String, password: String },
    /// A header of its own.
    ApiKey { header: String, value: String },
    /// `Authorization: Bearer …` with a token that is fetched first.
    OAuth(Box<OAuth>),
}

/// Where a token comes from.
#[derive(Clone, PartialEq)]
pub(crate) struct OAuth {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) headers: Pairs,
    pub(crate) query: Pairs,
    pub(crate) body: Pairs,
}

impl Connection {
    fn new(auth: Auth) -> Connection {
        Connection { auth, headers: Pairs::new(), query: Pairs::new(), body: Pairs::new() }
    }
    /// Requests without credentials, for servers that look at none.
    pub fn none() -> Connection {
        Connection::new(Auth::Nothing)
    }
    /// A user and a password: `Authorization: Basic …`.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Connection {
        Connection::new(Auth::Basic { user: user.into(), password: password.into() })
    }
    /// A key in a header of its own.
    pub fn api_key(header: impl Into<String>, value: impl Into<String>) -> Connection {
        Connection::new(Auth::ApiKey { header: header.into(), value: value.into() })
    }
    /// OAuth with client credentials: a token is fetched from the authorization endpoint, which is
    /// [mapped](crate::Harness::endpoint) as the API's own address is, and kept until a request is answered with 401 or
    /// 407.
    pub fn oauth(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        endpoint: impl Into<String>,
    ) -> Connection {
        Connection::new(Auth::OAuth(Box::new(OAuth {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            endpoint: endpoint.into(),
            method: "POST".into(),
            headers: Pairs::new(),
            query: Pairs::new(),
            body: Pairs::new(),
        })))
    }
    /// A header of every request; it counts over the task's own of that name.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Connection {
        self.headers.push((name.into(), value.into()));
        self
    }
    /// A query parameter of every request; it counts over the task's own of that name.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Connection {
        self.query.push((name.into(), value.into()));
        self
    }
    /// A member of every request's body; it counts over the task's own of that name.
    #[must_use]
    pub fn body(mut self, name: impl Into<String>, value: impl Into<String>) -> Connection {
        self.body.push((name.into(), value.into()));
        self
    }
    /// The method of requests for tokens, `GET`, `POST` or `PUT`; `POST` by default. Without OAuth it means nothing.
    #[must_use]
    pub fn token_method(self, method: impl Into<String>) -> Connection {
        let method = method.into();
        self.oauth_mut(|oauth| oauth.method = method)
    }
    /// A header of requests for tokens.
    #[must_use]
    pub fn token_header(self, name: impl Into<String>, value: impl Into<String>) -> Connection {
        let pair = (name.into(), value.into());
        self.oauth_mut(|oauth| oauth.headers.push(pair))
    }
    /// A query parameter of requests for tokens.
    #[must_use]
    pub fn token_query(self, name: impl Into<String>, value: impl Into<String>) -> Connection {
        let pair = (name.into(), value.into());
        self.oauth_mut(|oauth| oauth.query.push(pair))
    }
    /// A field of the form that is sent for a token, such as `scope`.
    #[must_use]
    pub fn token_body(self, name: impl Into<String>, value: impl Into<String>) -> Connection {
        let pair = (name.into(), value.into());
        self.oauth_mut(|oauth| oauth.body.push(pair))
    }
    fn oauth_mut(mut self, change: impl FnOnce(&mut OAuth)) -> Connection {
        if let Auth::OAuth(oauth) = &mut self.auth {
            change(oauth);
        }
        self
    }

    /// The connection that CreateConnection describes: its `AuthorizationType` and `AuthParameters`.
    ///
    /// # Errors
    /// What is missing or unknown.
    pub fn described(kind: &str, parameters: &Value) -> Result<Connection, String> {
        let own = |member: &str| parameters.get(member).ok_or_else(|| format!("`{member}` is missing"));
        let text = |of: &Value, member: &str| match of.get(member).and_then(Value::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("`{member}` is missing")),
        };
        let connection = match kind {
            "BASIC" => {
                let of = own("BasicAuthParameters")?;
                Connection::basic(text(of, "Username")?, text(of, "Password")?)
            }
            "API_KEY" => {
                let of = own("ApiKeyAuthParameters")?;
                Connection::api_key(text(of, "ApiKeyName")?, text(of, "ApiKeyValue")?)
            }
            "OAUTH_CLIENT_CREDENTIALS" => {
                let of = own("OAuthParameters")?;
                let client = of.get("ClientParameters").ok_or("`ClientParameters` is missing")?;
                let with = of.get("OAuthHttpParameters").unwrap_or(&Value::Null);
                let mut connection = Connection::oauth(
                    text(client, "ClientID")?,
                    text(client, "ClientSecret")?,
                    text(of, "AuthorizationEndpoint")?,
                )
                .token_method(text(of, "HttpMethod")?);
                connection = connection.oauth_mut(|oauth| {
                    oauth.headers = pairs(with, "HeaderParameters");
                    oauth.query = pairs(with, "QueryStringParameters");
                    oauth.body = pairs(with, "BodyParameters");
                });
                connection
            }
            other => return Err(format!("`{other}` is no type of authorization")),
        };
        let with = parameters.get("InvocationHttpParameters").unwrap_or(&Value::Null);
        Ok(Connection {
            headers: pairs(with, "HeaderParameters"),
            query: pairs(with, "QueryStringParameters"),
            body: pairs(with, "BodyParameters"),
            ..connection
        })
    }
}

/// `[{"Key": …, "Value": …}]`
fn pairs(of: &Value, list: &str) -> Pairs {
    let items = of.get(list).and_then(Value::as_array).unwrap_or_default();
    let text = |of: &Value, member: &str| of.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    items.iter().map(|item| (text(item, "Key"), text(item, "Value"))).collect()
}

/// Secrets are not shown.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.auth {
            Auth::Nothing => "none".to_owned(),
            Auth::Basic { user, .. } => format!("basic as {user}"),
            Auth::ApiKey { header, .. } => format!("a key in {header}"),
            Auth::OAuth(oauth) => format!("a token from {}", oauth.endpoint),
        };
        f.debug_tuple("Connection").field(&kind).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_read_as_create_connection_has_it_and_shows_no_secret() {
        let parameters = Value::parse(
            r#"{"OAuthParameters": {"ClientParameters": {"ClientID": "c", "ClientSecret": "hush"},
                "AuthorizationEndpoint": "https://login/token", "HttpMethod": "PUT",
                "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all"}]}},
                "InvocationHttpParameters": {"HeaderParameters": [{"Key": "X-A", "Value": "1"}]}}"#,
        )
        .unwrap();
        let want = Connection::oauth("c", "hush", "https://login/token").token_method("PUT").token_body("scope", "all");
        let got = Connection::described("OAUTH_CLIENT_CREDENTIALS", &parameters).unwrap();
        assert_eq!(got, want.header("X-A", "1"));
        assert!(!format!("{got:?}").contains("hush"), "{got:?}");
        let wrong = Connection::described("BASIC", &parameters).unwrap_err();
        assert_eq!(wrong, "`BasicAuthParameters` is missing");
    }
}
