//! A customer: signs up with Cognito as the dashboard does, and calls the API.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::{self, Answer};
use super::orders::Order;
use super::{Stack, unique, until};

const MAIL_WAIT: Duration = Duration::from_secs(30);

/// Somebody who is signed in.
pub(crate) struct Customer<'s> {
    pub(crate) stack: &'s Stack,
    pub(crate) email: String,
    /// The value of the `authorization` header.
    pub(crate) authorization: String,
}

impl<'s> Customer<'s> {
    /// A new customer with a verified address.
    #[track_caller]
    pub(crate) fn new(stack: &'s Stack) -> Self {
        let email = format!("{}@example.com", unique());
        let password = format!("Pass-{}", unique());
        let client = stack.fact("client_id");
        let attributes = json!([{"Name": "email", "Value": email}]);
        let user = json!({"ClientId": client, "Username": email, "Password": password, "UserAttributes": attributes});
        stack.cognito("SignUp", &user).good("SignUp");
        let code = until(
            MAIL_WAIT,
            || stack.mails_to(&email).iter().find_map(|mail| six_digits(&mail.text).map(str::to_owned)),
            || format!("no confirmation code for {email}"),
        );
        let confirm = json!({"ClientId": client, "Username": email, "ConfirmationCode": code});
        stack.cognito("ConfirmSignUp", &confirm).good("ConfirmSignUp");
        let token = stack.sign_in(&email, &password);
        Self { stack, email, authorization: format!("Bearer {token}") }
    }

    /// Somebody whose address nobody has verified, who can sign in all the same.
    #[track_caller]
    pub(crate) fn unverified(stack: &'s Stack) -> Self {
        let email = format!("{}@example.com", unique());
        let token = stack.token_of(stack.fact("user_pool_id"), stack.fact("client_id"), &email);
        Self { stack, email, authorization: format!("Bearer {token}") }
    }

    /// A new customer whom the operator has put into a group; those of `admin` are the staff.
    #[track_caller]
    pub(crate) fn in_group(stack: &'s Stack, group: &str) -> Self {
        let mut who = Self::new(stack);
        let (pool, password) = (stack.fact("user_pool_id"), format!("Pass-{}", unique()));
        let join = json!({"UserPoolId": pool, "Username": who.email, "GroupName": group});
        stack.cognito_admin("AdminAddUserToGroup", &join);
        let set = json!({"UserPoolId": pool, "Username": who.email, "Password": password, "Permanent": true});
        stack.cognito_admin("AdminSetUserPassword", &set);
        who.authorization = format!("Bearer {}", stack.sign_in(&who.email, &password));
        who
    }

    /// Calls the API as this customer.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.call_with(method, path, &[], body.map(Value::to_string).as_deref())
    }

    /// As `call`, with headers and a body of any kind.
    #[track_caller]
    pub(crate) fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let mut all = vec![("authorization", self.authorization.as_str())];
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        all.extend_from_slice(headers);
        http::call(method, &self.stack.api(path), &all, body)
    }

    /// `GET`, which has to succeed.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.call("GET", path, None).good(path)
    }

    /// Sends a checkout as it is.
    #[track_caller]
    pub(crate) fn post_checkout(&self, key: &str, wish: &Value) -> Answer {
        self.call_with("POST", "/checkout", &[("idempotency-key", key)], Some(&wish.to_string()))
    }

    /// Orders a desktop for US dollars.
    #[track_caller]
    pub(crate) fn order(&self, plan: &str, os: &str) -> Order<'_> {
        self.order_wish(&json!({"plan": plan, "os": os, "currency": "USD", "method": "paystack"}))
    }

    /// The same in a region: its offerings are the only ones.
    #[track_caller]
    pub(crate) fn order_in(&self, region: &str, plan: &str, os: &str) -> Order<'_> {
        let wish = json!({"plan": plan, "os": os, "currency": "USD", "method": "paystack", "region": region});
        self.order_wish(&wish)
    }

    #[track_caller]
    fn order_wish(&self, wish: &Value) -> Order<'_> {
        let answer = self.post_checkout(&unique(), wish);
        assert_eq!(answer.status, 201, "{}", answer.text);
        Order::placed(self, &answer.json())
    }
}

impl Stack {
    /// One of Cognito's public calls.
    #[track_caller]
    pub(crate) fn cognito(&self, action: &str, body: &Value) -> Answer {
        let target = format!("AWSCognitoIdentityProviderService.{action}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        http::call("POST", self.fact("aws_endpoint"), &headers, Some(&body.to_string()))
    }

    /// One of Cognito's calls for administrators.
    #[track_caller]
    pub(crate) fn cognito_admin(&self, action: &str, body: &Value) -> Value {
        let target = format!("AWSCognitoIdentityProviderService.{action}");
        self.aws(&self.root(), "cognito-idp", &target, body).good(action)
    }

    /// A token that another shop's user pool on the same AWS gave out.
    #[track_caller]
    pub(crate) fn foreign_token(&self) -> String {
        let pool = self.cognito_admin("CreateUserPool", &json!({"PoolName": unique()}));
        let pool = pool["UserPool"]["Id"].as_str().expect("a user pool").to_owned();
        let flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
        let client = json!({"UserPoolId": pool, "ClientName": "theirs", "ExplicitAuthFlows": flows});
        let client = self.cognito_admin("CreateUserPoolClient", &client);
        let client = client["UserPoolClient"]["ClientId"].as_str().expect("a client").to_owned();
        self.token_of(&pool, &client, &format!("{}@example.com", unique()))
    }

    /// Puts a user with an unverified address into a pool, and signs them in.
    #[track_caller]
    fn token_of(&self, pool: &str, client: &str, email: &str) -> String {
        let password = format!("Pass-{}", unique());
        let unverified = json!({"Name": "email_verified", "Value": "false"});
        let attributes = json!([{"Name": "email", "Value": email}, unverified]);
        let user = json!({
            "UserPoolId": pool, "Username": email, "MessageAction": "SUPPRESS", "UserAttributes": attributes,
        });
        self.cognito_admin("AdminCreateUser", &user);
        let set = json!({"UserPoolId": pool, "Username": email, "Password": password, "Permanent": true});
        self.cognito_admin("AdminSetUserPassword", &set);
        self.sign_in_at(client, email, &password)
    }

    /// Sets for how many minutes the tokens given out from now on are good; 0 is one second.
    #[track_caller]
    pub(crate) fn set_token_minutes(&self, minutes: u64) {
        let (validity, unit) = if minutes == 0 { (1, "seconds") } else { (minutes, "minutes") };
        let body = json!({
            "UserPoolId": self.fact("user_pool_id"),
            "ClientId": self.fact("client_id"),
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "IdTokenValidity": validity,
            "AccessTokenValidity": validity,
            "RefreshTokenValidity": 30,
            "TokenValidityUnits": {"IdToken": unit, "AccessToken": unit, "RefreshToken": "days"},
        });
        self.cognito_admin("UpdateUserPoolClient", &body);
    }

    /// Signs in with a password; the answer is the id token.
    #[track_caller]
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> String {
        self.sign_in_at(self.fact("client_id"), email, password)
    }

    #[track_caller]
    fn sign_in_at(&self, client: &str, email: &str, password: &str) -> String {
        let session = json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": client,
            "AuthParameters": {"USERNAME": email, "PASSWORD": password},
        });
        let session = self.cognito("InitiateAuth", &session).good("InitiateAuth");
        session["AuthenticationResult"]["IdToken"].as_str().expect("an id token").to_owned()
    }
}

/// The first run of six digits.
fn six_digits(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6)
}
