//! Permissions: what a function's role may, taken away for a while.

use serde_json::json;

use super::Stack;
use super::sigv4::Unsigned;

const POLICY: &str = "withheld-by-a-test";

/// An action that a function may not do for as long as this lives.
pub(crate) struct Withheld<'s> {
    stack: &'s Stack,
    role: String,
}

impl Drop for Withheld<'_> {
    fn drop(&mut self) {
        let fields = [
            ("Action", "DeleteRolePolicy"),
            ("Version", "2010-05-08"),
            ("RoleName", &self.role),
            ("PolicyName", POLICY),
        ];
        let answer = self.stack.aws_form("iam", &fields);
        assert!(answer.status == 200 || std::thread::panicking(), "{}", answer.text);
    }
}

impl Stack {
    /// The name of the role that a function runs under.
    #[track_caller]
    pub(crate) fn role_of(&self, function: &str) -> String {
        let answer = self.root().send(&Unsigned {
            service: "lambda",
            endpoint: self.fact("aws_endpoint"),
            method: "GET",
            path: &format!("/2015-03-31/functions/{}/configuration", self.function(function)),
            content_type: "application/json",
            target: None,
            body: "",
        });
        let role = answer.good("GetFunctionConfiguration");
        role["Role"].as_str().and_then(|arn| arn.rsplit('/').next()).expect("a role").to_owned()
    }

    /// Forbids a function an action, on everything.
    #[track_caller]
    pub(crate) fn withhold(&self, function: &str, action: &str) -> Withheld<'_> {
        let role = self.role_of(function);
        let statement = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let fields = [
            ("Action", "PutRolePolicy"),
            ("Version", "2010-05-08"),
            ("RoleName", &role),
            ("PolicyName", POLICY),
            ("PolicyDocument", &document),
        ];
        let answer = self.aws_form("iam", &fields);
        assert_eq!(answer.status, 200, "{}", answer.text);
        Withheld { stack: self, role }
    }
}
