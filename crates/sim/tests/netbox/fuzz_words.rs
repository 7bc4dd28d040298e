//! Generated input: the words of NetBox with values that are right, nearly right and absurd.

use proptest::prelude::*;

/// Every command except those with a stream as an answer or that end the session.
pub fn name() -> impl Strategy<Value = String> {
    let names: Vec<String> = vestibule_sim::netbox::commands()
        .map(|(name, _)| name.to_owned())
        .filter(|name| !["StreamEvents", "Logout", "Login"].contains(&name.as_str()))
        .collect();
    prop::sample::select(names)
}

/// The parameters of NetBox, with values that are right, nearly right and absurd.
pub fn parameter() -> impl Strategy<Value = String> {
    let words = "PERSONID LASTNAME FIRSTNAME UDF1 UDF20 NOTES PIN ACTDATE EXPDATE DELETED PERSONPURGE ALLPARTITIONS CARDFORMAT ENCODEDNUM \
                 HOTSTAMP CARDSTATUS CARDEXPDATE CREDENTIALID DISABLED WANTCREDENTIALID WANTKEY STARTFROMKEY STARTFROMNAME AFTERLOGID \
                 STARTLOGID MAXRECORDS NEXTKEY PARTITIONKEY ACCESSLEVELKEY ACCESSLEVELNAME TIMESPECGROUPKEY TIMESPECKEY READERKEY \
                 READERGROUPKEY PORTALKEY PORTALGROUPKEY NAME STARTTIME ENDTIME MONDAY HOLIDAYGROUPS HOLIDAYNAME HOLIDAYKEY STARTDATE \
                 ENDDATE UDFLISTKEY EVENTNAME EVENTACTION ACTIVITYTYPE OUTPUTKEY WILDCARDSEARCH CASEINSENSITIVE OLDESTLASTMOD OLDESTDTTM \
                 ACCESSLEVELGROUPKEY USERNAME ROLE AUTHTYPE PICTURE";
    let word = prop::sample::select(words.split_whitespace().collect::<Vec<_>>());
    let value = prop_oneof![
        prop::sample::select(vec![
            "",
            " ",
            "0",
            "-1",
            "1",
            "2",
            "3",
            "9",
            "57",
            "190",
            "99999999999999999999",
            "TRUE",
            "true",
            "null",
            "emp-0001",
            "a",
            "*",
            "%",
            "26 bit Wiegand",
            "Lobby",
            "2026-12-01 08:00",
            "2026-12-01",
            "9999-12-31 23:59",
            "-9999-01-01",
            "24:00",
            "23:59",
            "1,3,9",
            "ACTIVATE",
            "Evacuation",
            "ACCESSDENIED",
            "Active",
            "&#x10FFFF;",
            "&amp;",
            "]]&gt;",
        ])
        .prop_map(str::to_owned),
        "[ -~é漢]{0,40}".prop_map(|text| text.replace('&', "&amp;").replace('<', "&lt;")),
    ];
    (word, value).prop_map(|(word, value)| format!("<{word}>{value}</{word}>"))
}

/// Nested parts of people, groups and lists.
pub fn nested() -> impl Strategy<Value = String> {
    let around = prop::sample::select(vec![
        ("ACCESSLEVELS", "ACCESSLEVEL"),
        ("VEHICLES", "VEHICLE"),
        ("READERKEYS", "READERKEY"),
        ("PORTALKEYS", "PORTALKEY"),
        ("TIMESPECKEYS", "TIMESPECKEY"),
        ("LISTITEMS", "LISTITEM"),
        ("TAGNAMES", "DESCNAME"),
    ]);
    let inside = prop_oneof![
        Just("Lobby".to_owned()),
        Just("190".to_owned()),
        prop::sample::select(vec![
            "ACCESSLEVELNAME",
            "DELETE",
            "AUTOREMOVE",
            "KEY",
            "ITEMKEY",
            "ITEMNAME",
            "VEHICLELICNUM",
            "EXPDATE"
        ])
        .prop_flat_map(
            |name| "[0-9A-Za-z: -]{0,12}".prop_map(move |value| format!("<{name}>{value}</{name}>"))
        ),
    ];
    (around, prop::collection::vec(inside, 0..4)).prop_map(|((list, item), all)| {
        let items: String = all.iter().map(|inside| format!("<{item}>{inside}</{item}>")).collect();
        format!("<{list}>{items}</{list}>")
    })
}
