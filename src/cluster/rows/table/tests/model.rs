//! A random history of an API server, delivered with interruptions, stale lists and late answers. In the end the table
//! holds the server's objects, and has reported every object that was created or deleted.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// One event in the server, on the connection, or in the controller.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Create(u8),
    Edit(u8),
    Noise(u8),
    Mark(u8),
    Strip(u8),
    Remove(u8),
    /// The controller adds its finalizer; the answer is delivered later.
    Write(u8),
    /// One of the pending answers comes in, not always the oldest.
    Answered(u8),
    /// This many events of the watch come in.
    Deliver(u8),
    /// 410: a list that is this many states old, interrupted after this many objects before it begins again.
    Relist {
        age: u8,
        cut: u8,
    },
    /// The live GETs of the missing objects come back.
    Settle,
    /// Work on objects that are gone is finished.
    Forget,
}

fn happens() -> impl Strategy<Value = Happens> {
    let name = || 0..5_u8;
    prop_oneof![
        3 => name().prop_map(Happens::Create),
        3 => name().prop_map(Happens::Edit),
        1 => name().prop_map(Happens::Noise),
        1 => name().prop_map(Happens::Mark),
        1 => name().prop_map(Happens::Strip),
        3 => name().prop_map(Happens::Remove),
        2 => name().prop_map(Happens::Write),
        2 => any::<u8>().prop_map(Happens::Answered),
        4 => (1..6_u8).prop_map(Happens::Deliver),
        2 => (0..4_u8, 0..4_u8).prop_map(|(age, cut)| Happens::Relist { age, cut }),
        1 => Just(Happens::Settle),
        1 => Just(Happens::Forget),
    ]
}

type Objects = BTreeMap<String, Object>;

#[derive(Default)]
struct Server {
    version: u64,
    objects: Objects,
    /// The events of the watch, and the server's objects after each.
    log: Vec<(Event<Object>, Objects)>,
    uids: u128,
}

impl Server {
    fn create(&mut self, name: &str) {
        if !self.objects.contains_key(name) {
            self.uids += 1;
            self.put(object(name, self.uids, 0));
        }
    }

    fn put(&mut self, mut object: Object) -> Object {
        self.version += 1;
        object.meta.resource_version = self.version;
        self.objects.insert(object.meta.key.name.clone(), object.clone());
        self.log.push((Event::Apply(object.clone()), self.objects.clone()));
        object
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Meta)) -> Option<Object> {
        let object = self.objects.get(name)?.clone();
        Some(self.put(with(object, change)))
    }

    fn remove(&mut self, name: &str) {
        if let Some(mut object) = self.objects.remove(name) {
            self.version += 1;
            object.meta.resource_version = self.version;
            self.log.push((Event::Delete(object), self.objects.clone()));
        }
    }

    fn held_at(&self, position: usize) -> Objects {
        position.checked_sub(1).map(|last| self.log[last].1.clone()).unwrap_or_default()
    }
}

/// The controller's side: the table, the events it received, and the work that follows from them.
struct World {
    server: Server,
    rows: Rows,
    position: usize,
    answers: Vec<Object>,
    missing: BTreeSet<ObjectId>,
    /// The newest generation handed over for each uid, and whether the uid was reported gone.
    planned: BTreeMap<Uid, (i64, bool)>,
    gone: BTreeSet<Uid>,
}

impl World {
    fn new() -> Self {
        let (server, rows) = (Server::default(), rows());
        let (answers, missing) = (Vec::new(), BTreeSet::new());
        let mut world = Self {
            server,
            rows,
            position: 0,
            answers,
            missing,
            planned: BTreeMap::new(),
            gone: BTreeSet::new(),
        };
        world.relist(0, 0);
        world
    }

    fn on(&mut self, event: Event<Object>) {
        let todos = self.rows.on(event);
        for todo in todos {
            self.take(todo);
        }
    }

    fn take(&mut self, todo: Todo<Object, u32>) {
        match todo {
            Todo::Reconcile(_, object) => {
                self.planned.insert(object.meta.uid, (object.meta.generation, object.meta.deleting));
            }
            Todo::Gone(_, stone) => {
                self.gone.insert(stone.uid);
            }
            Todo::Vanished(object_id) => {
                self.missing.insert(object_id);
            }
            Todo::ListDone | Todo::Newer(..) => {}
        }
    }

    fn step(&mut self, what: Happens) {
        let name = |number: u8| format!("v{number}");
        match what {
            Happens::Create(of) => self.server.create(&name(of)),
            Happens::Edit(of) => drop(self.server.change(&name(of), |meta| meta.generation += 1)),
            Happens::Noise(of) => drop(self.server.change(&name(of), |_| ())),
            Happens::Mark(of) => drop(self.server.change(&name(of), |meta| {
                meta.generation += i64::from(!meta.deleting);
                meta.deleting = true;
            })),
            Happens::Strip(of) => drop(self.server.change(&name(of), |meta| meta.finalizers.clear())),
            Happens::Remove(of) => self.server.remove(&name(of)),
            Happens::Write(of) => self.write(&name(of)),
            Happens::Answered(pick) => self.answered(usize::from(pick)),
            Happens::Deliver(count) => (0..count).for_each(|_| self.deliver()),
            Happens::Relist { age, cut } => self.relist(usize::from(age), usize::from(cut)),
            Happens::Settle => self.settle(),
            Happens::Forget => self.forget(),
        }
    }

    /// The writes of the controller carry the row's uid, so another object of that name refuses them.
    fn write(&mut self, name: &str) {
        let known = self.rows.row(object_id(name)).map(super::super::Row::uid);
        if known.is_some() && self.server.objects.get(name).map(|there| there.meta.uid) == known {
            let answer = self.server.change(name, |meta| meta.finalizers = vec![FINALIZER.to_owned()]);
            self.answers.extend(answer);
        }
    }

    fn answered(&mut self, pick: usize) {
        if !self.answers.is_empty() {
            let answer = self.answers.swap_remove(pick % self.answers.len());
            self.on(Event::Answer(answer));
        }
    }

    fn deliver(&mut self) {
        if let Some((event, _)) = self.server.log.get(self.position).cloned() {
            self.position += 1;
            self.on(event);
        }
    }

    /// An answer may come in between the beginning of a list and its end.
    fn relist(&mut self, age: usize, cut: usize) {
        self.position = self.server.log.len().saturating_sub(age);
        let held: Vec<_> = self.server.held_at(self.position).into_values().collect();
        if cut > 0 {
            self.on(Event::Init(Scope::Everywhere));
            held.iter().take(cut).for_each(|one| self.on(Event::InitApply(one.clone())));
        }
        for (place, event) in list(held).into_iter().enumerate() {
            self.on(event);
            if place + 1 == cut {
                self.answered(cut);
            }
        }
    }

    fn settle(&mut self) {
        for object_id in std::mem::take(&mut self.missing) {
            let (Some(key), Some(uid)) =
                (self.rows.key(object_id), self.rows.row(object_id).map(super::super::Row::uid))
            else {
                continue;
            };
            match self.server.objects.get(&key.name).cloned() {
                Some(object) => self.on(Event::Answer(object)),
                None => self.rows.not_found(object_id, uid).into_iter().for_each(|todo| self.take(todo)),
            }
        }
    }

    fn forget(&mut self) {
        let gone = self.rows.iter().filter(|row| row.life() == Life::Gone);
        let gone: Vec<_> = gone.map(|row| (row.object_id(), row.uid())).collect();
        for (object_id, uid) in gone {
            assert!(self.rows.forget(object_id, uid));
        }
    }

    /// The connection works again and all pending events come in.
    fn come_to_rest(&mut self) {
        while self.position < self.server.log.len() {
            self.deliver();
        }
        while !self.answers.is_empty() {
            self.answered(0);
        }
        self.settle();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_with_the_rows_of_the_server(history in prop::collection::vec(happens(), 1..60)) {
        let mut world = World::new();
        for what in history {
            world.step(what);
        }
        world.come_to_rest();
        let World { server, rows, planned, gone, .. } = world;

        let living = rows.iter().filter(|row| row.life() != Life::Gone);
        let held: BTreeMap<_, _> =
            living.map(|row| (rows.key_of(row).name, (row.uid(), row.resource_version(), row.life()))).collect();
        let there = server.objects.iter().map(|(name, object)| {
            (name.clone(), (object.meta.uid, object.meta.resource_version, Life::Living))
        });
        prop_assert_eq!(held, there.collect::<BTreeMap<_, _>>());

        for Meta { uid, generation, deleting, .. } in server.objects.values().map(|object| &object.meta) {
            prop_assert_eq!(planned.get(uid), Some(&(*generation, *deleting)));
            prop_assert!(!gone.contains(uid), "reported gone although it exists");
        }
        let there: BTreeSet<_> = server.objects.values().map(|object| object.meta.uid).collect();
        let came_and_went: BTreeSet<_> = planned.into_keys().filter(|uid| !there.contains(uid)).collect();
        prop_assert_eq!(came_and_went, gone, "every deleted object was reported, and no other");
    }
}
