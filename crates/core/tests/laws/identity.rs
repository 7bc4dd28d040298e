//! Ids that show whose a record is.

use proptest::prelude::*;
use vestibule_core::identity::{Kind, NUMBERS, NotOurs, ObjectId, Owner, RecordId};
use vestibule_core::model::ObjectKey;

use super::support::{object_id, owner, record};

fn any_id() -> impl Strategy<Value = RecordId> {
    (0..1_u32 << 24, 0..1_u64 << 56, any::<u64>(), 0..NUMBERS).prop_map(
        |(owner, object_id, content, number)| RecordId {
            number,
            ..RecordId::new(Owner(owner), ObjectId(object_id), content)
        },
    )
}

proptest! {
    #[test]
    fn an_id_is_read_as_it_was_written(id in any_id()) {
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn what_is_read_as_ours_is_written_the_same_and_was_made_by_us(text in "vst-[0-9a-fA-F+]{6}-[0-9a-f]{13,15}-[0-9a-f]{7,9}-[0-9+]{1,4}") {
        if let Ok(id) = text.parse::<RecordId>() {
            prop_assert_eq!(id.to_string(), text);
            prop_assert_eq!(RecordId { number: id.number, ..RecordId::new(id.owner, id.object_id, u64::from(id.content)) }, id);
        }
    }

    #[test]
    fn one_letter_more_less_or_else_is_another_id_or_foreign(id in any_id(), place in any::<prop::sample::Index>(), letter in "[ -~]") {
        let text = id.to_string();
        let place = place.index(text.len());
        let (before, after) = text.split_at(place);
        for odd in [format!("{before}{letter}{after}"), format!("{before}{letter}{}", &after[1..]), format!("{before}{}", &after[1..])] {
            if odd != text {
                prop_assert_ne!(odd.parse::<RecordId>(), Ok(id), "{}", odd);
            }
        }
    }

    #[test]
    fn what_a_system_cuts_or_capitalises_is_recognised_from_its_owner_on(id in any_id(), length in 0_usize..60) {
        let whole = id.to_string();
        let cut = &whole[..length.min(whole.len())];
        let known = RecordId::from_altered(id.owner, cut);
        // Where the number loses digits it is another whole id, and as such judged like any.
        let recognisable = (11..whole.len()).contains(&length) && cut.parse::<RecordId>().is_err();
        prop_assert_eq!(known.is_some(), recognisable, "{}", cut);
        prop_assert!(known.is_none_or(|known| known.owner == id.owner && known.object_id.0 & id.object_id.0 == known.object_id.0));
        prop_assert_eq!(id.is_altered_as(cut), (8..whole.len()).contains(&length));
        let capitals = whole.to_ascii_uppercase();
        prop_assert_eq!(RecordId::from_altered(id.owner, &capitals), Some(id));
        prop_assert!(id.is_altered_as(&capitals));
        prop_assert_eq!(RecordId::from_altered(id.owner, &whole), None);
        prop_assert_eq!(RecordId::from_altered(Owner(id.owner.0 ^ 1), cut), None);
    }

    #[test]
    fn the_next_id_is_of_the_same_content_and_comes_after(id in any_id()) {
        prop_assert!(id.same_content(&id.next()));
        prop_assert!(id < id.next() || id.number == NUMBERS - 1);
    }

    #[test]
    fn another_owner_object_or_content_is_not_the_same_content(one in any_id(), two in any_id()) {
        let mixed = [
            RecordId { owner: two.owner, ..one },
            RecordId { object_id: two.object_id, ..one },
            RecordId { content: two.content, ..one },
        ];
        for other in mixed {
            prop_assert_eq!(one.same_content(&other), one == other);
        }
    }

    #[test]
    fn an_id_holds_the_fingerprint_it_was_made_with(id in any_id(), fingerprint in any::<u64>(), other in any::<u64>()) {
        let made = RecordId::new(id.owner, id.object_id, fingerprint);
        prop_assert!(made.holds(fingerprint) && made.next().holds(fingerprint));
        prop_assert_eq!(made.holds(other), RecordId::new(id.owner, id.object_id, other) == made);
    }

    #[test]
    fn no_two_keys_share_a_slot(one in "[a-z]{1,3}", two in "[a-z]{1,3}", three in "[a-z]{1,3}", four in "[a-z]{1,3}") {
        let (a, b) = (ObjectKey::new(one, two), ObjectKey::new(three, four));
        prop_assert_eq!(a == b, ObjectId::of_visitor(&a) == ObjectId::of_visitor(&b));
    }
}

proptest! {
    #[test]
    fn an_id_is_a_uuid_of_version_8_and_is_read_back_from_it(id in any_id(), any in any::<u128>()) {
        let uuid = id.to_uuid();
        prop_assert_eq!((uuid >> 76 & 0xf, uuid >> 62 & 0b11), (8, 2));
        prop_assert_eq!(RecordId::from_uuid(uuid), Some(id));
        prop_assert_eq!(RecordId::from_uuid(any).map(RecordId::to_uuid), (any >> 76 & 0xf == 8 && any >> 62 & 0b11 == 2).then_some(any));
    }

    #[test]
    fn an_object_id_says_of_which_kind_the_object_is(namespace in "[a-z]{1,9}", name in "[a-z]{1,9}") {
        let key = ObjectKey::new(namespace, name);
        let ids = Kind::ALL.map(|kind| ObjectId::new(kind, &key));
        prop_assert_eq!(ids.map(ObjectId::kind), Kind::ALL.map(Some));
        prop_assert!(ids.iter().all(|id| id.0 >> 56 == 0));
        prop_assert_eq!(ObjectId(3 << 54).kind(), None);
    }
}

#[test]
fn an_id_looks_the_same_for_ever() {
    let id = RecordId { number: 3, ..RecordId::new(Owner(1), ObjectId(0xabc), 0xdef) };
    assert_eq!(id.to_string(), "vst-000001-00000000000abc-00000def-3");
    insta::assert_snapshot!(record().id);
    assert_eq!((record().id.owner, record().id.object_id), (owner(), object_id()));
}

#[test]
fn the_last_number_has_no_next_and_never_starts_anew() {
    let last = RecordId { number: NUMBERS - 1, ..record().id };
    assert_eq!(last.next(), last, "a number that began anew would meet dead records");
}

#[test]
fn foreign_texts_are_foreign() {
    let good = "vst-000001-00000000000abc-00000def-3";
    assert!(good.parse::<RecordId>().is_ok());
    let odd = [
        String::new(),
        "vst-".to_owned(),
        "12345".to_owned(),
        "vst-00000001-0000000000000abc-000000000def".to_owned(),
        good.to_uppercase(),
        good.replace("abc", "ABC"),
        good.replace("-3", "-03"),
        good.replace("-3", "-+3"),
        good.replace("-3", "-1024"),
        good.replace("vst", "vs"),
        good.replace("00000def", "100000def"),
        good.replace("00000def", "def"),
        format!("{good}-1"),
        format!(" {good}"),
        format!("{good}\n"),
    ];
    for text in odd {
        assert_eq!(text.parse::<RecordId>(), Err(NotOurs), "{text:?}");
    }
}

#[test]
fn texts_that_are_no_part_of_an_id_are_not_taken_for_one() {
    let owner = Owner(0x23_abcd);
    let foreign = [
        "vst-23abcd",
        "vst-23abcd-guest",
        "vst-23abcd-00000000000abc00",
        "vst-23abcd-abc-def",
        "vst-23abcd-00000000000abc-def-1",
        "vst-23abcd-00000000000abc-00000def-x",
        "vst-23abcd-00000000000abc-00000def-1-2",
        "vst-23abcd-+1",
        "_41",
        "",
    ];
    for text in foreign {
        assert_eq!(RecordId::from_altered(owner, text), None, "{text}");
    }
    let id = RecordId::from_altered(owner, "vst-23abcd-00c").unwrap();
    assert_eq!((id.object_id, id.content, id.number), (ObjectId(0x00_c000_0000_0000), 0, 0));
}
