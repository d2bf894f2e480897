//! Forms, of SNS and of SQS by turns, several of them with NULs between.

#![no_main]

mod asked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    asked::ask(asked::parts(data).enumerate().filter_map(|(i, form)| {
        let (service, path) = if i % 2 == 0 { ("sns", "/") } else { ("sqs", "/123456789012/q") };
        let scope = format!("AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/{service}/aws4_request");
        let headers = [("authorization", &*scope), ("content-type", "application/x-www-form-urlencoded")];
        asked::request("POST", path, &headers, form)
    }));
});
