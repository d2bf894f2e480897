//! Versions and aliases.

use super::*;

#[test]
fn a_revision_is_published_once_and_its_number_never_comes_again() {
    let mut client = Client::with_order();
    let first = client.publish();
    assert_eq!((client.publish(), &first), (format!("{MACHINE}:1"), &format!("{MACHINE}:1")));
    client.update(TWO);
    let second = client.publish();
    assert_eq!(client.versions(), [second.clone(), first.clone()]);
    assert_eq!(&*client.registry.target(&first).unwrap().revision.definition, ONE);
    let target = client.registry.target(&second).unwrap();
    assert_eq!((&*target.revision.definition, target.version_arn.as_deref()), (TWO, Some(&*second)));

    client.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": second}));
    client.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": second}));
    assert_eq!(client.versions(), [first]);
    let said = client.registry.target(&second).err().unwrap().to_string();
    assert_eq!(said, format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{second}'"));
    assert_eq!(client.publish(), format!("{MACHINE}:3"));
}

#[test]
fn a_version_is_published_of_the_revision_that_is_meant() {
    let mut client = Client::with_order();
    let ask = |revision: &str| json!({"stateMachineArn": MACHINE, "revisionId": revision, "description": "first"});
    let said = client.refused("PublishStateMachineVersion", ask("other"));
    assert!(said.starts_with("ConflictException: ") && said.ends_with(" is INITIAL."), "{said}");
    let published = client.ok("PublishStateMachineVersion", ask("INITIAL"));
    assert_eq!(published, json!({"stateMachineVersionArn": format!("{MACHINE}:1"), "creationDate": 1_704_067_200.0}));
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": format!("{MACHINE}:1")}));
    assert_eq!(
        (&described["stateMachineArn"], &described["description"]),
        (&json!(format!("{MACHINE}:1")), &json!("first"))
    );
    let revision = client.update(TWO);
    assert!(client.refused("PublishStateMachineVersion", ask("INITIAL")).starts_with("ConflictException"));
    client.ok("PublishStateMachineVersion", ask(&revision));
}

#[test]
fn creating_and_updating_can_publish_as_well() {
    let mut client = Client::new();
    let request =
        json!({"name": "order", "definition": ONE, "roleArn": ROLE, "publish": true, "versionDescription": "v1"});
    for _ in 0..2 {
        let created = client.ok("CreateStateMachine", request.clone());
        assert_eq!(created["stateMachineVersionArn"], format!("{MACHINE}:1"));
    }
    let updated =
        client.ok("UpdateStateMachine", json!({"stateMachineArn": MACHINE, "definition": TWO, "publish": true}));
    assert_eq!(updated["stateMachineVersionArn"], format!("{MACHINE}:2"));
}

#[test]
fn there_are_a_thousand_versions_at_most() {
    let mut client = Client::with_order();
    for n in 0..1_000 {
        client.publish();
        client.update(if n % 2 == 0 { TWO } else { ONE });
    }
    let said = client.refused("PublishStateMachineVersion", json!({"stateMachineArn": MACHINE}));
    assert!(said.starts_with("ServiceQuotaExceededException: "), "{said}");
    // What cannot be published is not updated either.
    let before = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    let request = json!({"stateMachineArn": MACHINE, "roleArn": format!("{ROLE}-2"), "publish": true});
    assert!(client.refused("UpdateStateMachine", request).starts_with("ServiceQuotaExceededException: "));
    assert_eq!(client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE})), before);
    client.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": format!("{MACHINE}:7")}));
    assert_eq!(client.publish(), format!("{MACHINE}:1001"));
}

#[test]
fn an_alias_leads_to_its_versions_by_weight() {
    let mut client = with_two_versions();
    let created = client.ok(
        "CreateStateMachineAlias",
        json!({"name": "PROD", "description": "live", "routingConfiguration": routes(&[(1, 80), (2, 20)])}),
    );
    let arn = format!("{MACHINE}:PROD");
    assert_eq!(created, json!({"stateMachineAliasArn": arn, "creationDate": 1_704_067_200.0}));
    let mut first = 0;
    for _ in 0..1_000 {
        let target = client.registry.target(&arn).unwrap();
        let version = target.version_arn.unwrap();
        let expected = if version.ends_with(":1") { ONE } else { TWO };
        assert_eq!((&*target.revision.definition, target.alias_arn.as_deref()), (expected, Some(&*arn)));
        first += usize::from(version.ends_with(":1"));
    }
    assert!((750..850).contains(&first), "{first}");

    client.now = NOW + 1.minutes();
    let answer = client.ok(
        "UpdateStateMachineAlias",
        json!({"stateMachineAliasArn": arn, "routingConfiguration": routes(&[(2, 100)])}),
    );
    assert_eq!(answer, json!({"updateDate": 1_704_067_260.0}));
    assert_eq!(client.registry.target(&arn).unwrap().version_arn.as_deref(), Some(&*format!("{MACHINE}:2")));
    assert_eq!(
        client.ok("DescribeStateMachineAlias", json!({"stateMachineAliasArn": arn})),
        json!({
            "stateMachineAliasArn": arn, "name": "PROD", "description": "live", "routingConfiguration": routes(&[(2, 100)]),
            "creationDate": 1_704_067_200.0, "updateDate": 1_704_067_260.0,
        })
    );
}

#[test]
fn an_alias_is_created_once_and_another_of_its_name_is_refused() {
    let mut client = with_two_versions();
    let request = json!({"name": "PROD", "routingConfiguration": routes(&[(1, 100)])});
    let created = client.ok("CreateStateMachineAlias", request.clone());
    client.now = NOW + 1.hours();
    assert_eq!(client.ok("CreateStateMachineAlias", request), created);
    let other = json!({"name": "PROD", "routingConfiguration": routes(&[(2, 100)])});
    assert!(client.refused("CreateStateMachineAlias", other).starts_with("ConflictException: Failed to create alias"));
}

#[test]
fn routes_that_lead_nowhere_are_refused() {
    let mut client = with_two_versions();
    client.ok("CreateStateMachine", json!({"name": "x", "definition": ONE, "roleArn": ROLE, "publish": true}));
    let mixed = json!([
        {"stateMachineVersionArn": format!("{MACHINE}:1"), "weight": 50},
        {"stateMachineVersionArn": MACHINE.replace("order", "x:1"), "weight": 50},
    ]);
    for (routing, code) in [
        (routes(&[(1, 99)]), "ValidationException"),
        (routes(&[(1, 60), (2, 60)]), "ValidationException"),
        (routes(&[(1, 50), (1, 50)]), "ValidationException"),
        (routes(&[]), "ValidationException"),
        (routes(&[(1, 40), (2, 40), (3, 20)]), "ValidationException"),
        (mixed, "ValidationException"),
        (json!([{"stateMachineVersionArn": MACHINE, "weight": 100}]), "ValidationException"),
        (json!([{"stateMachineVersionArn": "x", "weight": 100}]), "InvalidArn"),
        (routes(&[(9, 100)]), "ResourceNotFound"),
    ] {
        let said = client.refused("CreateStateMachineAlias", json!({"name": "P", "routingConfiguration": routing}));
        assert!(said.starts_with(&format!("{code}: ")), "{routing}: {said}");
    }
}

#[test]
fn a_version_stays_as_long_as_an_alias_leads_to_it() {
    let mut client = with_two_versions();
    for name in ["blue", "green"] {
        client.ok("CreateStateMachineAlias", json!({"name": name, "routingConfiguration": routes(&[(1, 100)])}));
    }
    let version = json!({"stateMachineVersionArn": format!("{MACHINE}:1")});
    assert_eq!(
        client.refused("DeleteStateMachineVersion", version.clone()),
        "ConflictException: Version to be deleted must not be referenced by an alias. Current list of aliases referencing \
         this version: [blue, green]"
    );
    let aliases = |client: &mut Client, arn: String| {
        let answer = client.ok("ListStateMachineAliases", json!({"stateMachineArn": arn}));
        answer["stateMachineAliases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["stateMachineAliasArn"].clone())
            .collect::<Vec<_>>()
    };
    let both = [json!(format!("{MACHINE}:green")), json!(format!("{MACHINE}:blue"))];
    assert_eq!(aliases(&mut client, MACHINE.to_owned()), both);
    assert_eq!(aliases(&mut client, format!("{MACHINE}:1")), both);
    assert!(aliases(&mut client, format!("{MACHINE}:2")).is_empty());
    for name in ["blue", "green"] {
        let alias = json!({"stateMachineAliasArn": format!("{MACHINE}:{name}")});
        for _ in 0..2 {
            client.ok("DeleteStateMachineAlias", alias.clone());
        }
        assert!(client.refused("DescribeStateMachineAlias", alias).starts_with("ResourceNotFound: "));
    }
    client.ok("DeleteStateMachineVersion", version);
}

#[test]
fn there_are_a_hundred_aliases_at_most() {
    let mut client = with_two_versions();
    for n in 0..100 {
        client.ok(
            "CreateStateMachineAlias",
            json!({"name": format!("a{n}"), "routingConfiguration": routes(&[(1, 100)])}),
        );
    }
    let said =
        client.refused("CreateStateMachineAlias", json!({"name": "more", "routingConfiguration": routes(&[(1, 100)])}));
    assert!(said.starts_with("ServiceQuotaExceededException: "), "{said}");
    let update = json!({"stateMachineAliasArn": format!("{MACHINE}:a1")});
    assert!(client.refused("UpdateStateMachineAlias", update).starts_with("ValidationException: "));
}
