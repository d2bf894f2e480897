//! EventBridge and its Scheduler: a line such as `PutEvents` or `POST /schedules/s` and a body, several of them with NULs
//! between.

#![no_main]

mod asked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    asked::ask(asked::parts(data).filter_map(|part| {
        let (line, body) = asked::line(part)?;
        let Some((method, path)) = line.split_once(' ') else {
            let target = format!("AWSEvents.{line}");
            return asked::request(
                "POST",
                "/",
                &[("x-amz-target", &target), ("content-type", "application/x-amz-json-1.1")],
                body,
            );
        };
        let scope = "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/scheduler/aws4_request";
        asked::request(method, path, &[("authorization", scope), ("content-type", "application/json")], body)
    }));
});
