//! Lambda's API and its Runtime API: a line such as `POST /2015-03-31/functions/f/invocations Event` and a body, several of
//! them with NULs between.

#![no_main]

mod asked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    asked::ask(asked::parts(data).filter_map(|part| {
        let (line, body) = asked::line(part)?;
        let mut words = line.splitn(3, ' ');
        let (method, path) = (words.next()?, words.next()?);
        let scope = "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/lambda/aws4_request";
        let mut headers = vec![("authorization", scope), ("content-type", "application/json")];
        headers.extend(words.next().map(|kind| ("x-amz-invocation-type", kind)));
        asked::request(method, path, &headers, body)
    }));
});
