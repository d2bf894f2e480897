//! S3: a line such as `PUT /bucket/key?tagging name: value; name: value` and a body, several of them with NULs between. The
//! name `chunked` says that the body comes in chunks of AWS' own kind.

#![no_main]

mod asked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    asked::ask(asked::parts(data).filter_map(|part| {
        let (line, body) = asked::line(part)?;
        let mut words = line.splitn(3, ' ');
        let (method, path) = (words.next()?, words.next()?);
        let given = words.next().unwrap_or_default().split(';').filter_map(|header| header.split_once(':'));
        let headers: Vec<(&str, &str)> = given
            .map(|(name, value)| match name.trim() {
                "chunked" => ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                name => (name, value.trim()),
            })
            .collect();
        asked::request(method, path, &headers, body)
    }));
});
