//! The permanent baseline: a controller in the style of the samples of kube-rs. It reads each person, creates absent ones,
//! writes the status, and tries again a second after an error. It is a fair comparison and not a product: no sleeps, no
//! needless calls, one session for all.

mod netbox;
mod status;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kube::api::{Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::finalizer::{Event, finalizer};
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use vestibule::api::{AccessIntegration, Property, Tenant, Visitor};
use vestibule::clock::{Clock, SetClock};

use self::netbox::{Guest, NetBox};

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const FINALIZER: &str = "naive.vestibule.dev/person";

/// The access of a tenant's visitors.
struct House {
    zone: TimeZone,
    groups: Vec<String>,
    netbox: Arc<NetBox>,
}

struct Context {
    client: Client,
    clock: Arc<SetClock>,
    /// By tenant. They are read once: the bench never changes them, and a store would cost as little.
    houses: HashMap<String, House>,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    NetBox(#[from] netbox::Error),
    #[error("{0}")]
    Kubernetes(#[from] kube::Error),
    #[error("the visitor is not valid: {0}")]
    Invalid(&'static str),
    #[error("{0}")]
    Finalizer(#[source] Box<kube::runtime::finalizer::Error<Self>>),
}

/// Runs until stdin ends, which ends `jumps`.
pub(crate) async fn run(
    kubeconfig: &Path,
    namespace: &str,
    clock: Arc<SetClock>,
    mut jumps: UnboundedReceiver<()>,
) -> Fallible {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let client = Client::try_from(config)?;
    let houses = houses(&client, namespace).await?;
    let (jumped, midnights) = tokio::sync::mpsc::unbounded_channel();
    let midnights = futures::stream::unfold(midnights, |mut midnights| async {
        midnights.recv().await.map(|()| ((), midnights))
    });
    let context = Arc::new(Context { client: client.clone(), clock, houses });
    // The jump of the clock takes the place of a timer at midnight.
    let controller =
        Controller::new(Api::<Visitor>::namespaced(client, namespace), watcher::Config::default())
            .reconcile_all_on(midnights)
            .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(1)), context)
            .for_each(|_| std::future::ready(()));
    println!("ready");
    let ended = async {
        while jumps.recv().await.is_some() {
            let _ = jumped.send(());
        }
    };
    tokio::select! {
        () = controller => {}
        () = ended => {}
    }
    Ok(())
}

async fn houses(client: &Client, namespace: &str) -> Fallible<HashMap<String, House>> {
    let tenants: Api<Tenant> = Api::namespaced(client.clone(), namespace);
    let integrations: Api<AccessIntegration> = Api::namespaced(client.clone(), namespace);
    let properties: Api<Property> = Api::namespaced(client.clone(), namespace);
    let mut houses = HashMap::new();
    for tenant in tenants.list(&kube::api::ListParams::default()).await? {
        let access = tenant.spec.visitor_access.first().ok_or("a tenant without access")?;
        let integration = integrations.get(&access.integration_ref.name).await?;
        let property = properties.get(&tenant.spec.property_ref.name).await?;
        let url = integration.spec.lenel_s2.as_ref().map(|system| system.url.clone()).unwrap_or_default();
        let netbox = Arc::new(NetBox::new(&url, "sim", "sim")?);
        let zone = TimeZone::get(&property.spec.time_zone)?;
        houses.insert(tenant.name_any(), House { zone, groups: access.groups.clone(), netbox });
    }
    Ok(houses)
}

async fn reconcile(visitor: Arc<Visitor>, context: Arc<Context>) -> Result<Action, Error> {
    let namespace = visitor.namespace().unwrap_or_default();
    let api: Api<Visitor> = Api::namespaced(context.client.clone(), &namespace);
    let done = finalizer(&api, FINALIZER, visitor, |event| async {
        match event {
            Event::Apply(visitor) => apply(&api, &visitor, &context).await,
            Event::Cleanup(visitor) => {
                leave(&visitor, context.house(&visitor)?).await?;
                Ok(Action::await_change())
            }
        }
    });
    done.await.map_err(|error| Error::Finalizer(Box::new(error)))
}

async fn apply(api: &Api<Visitor>, visitor: &Visitor, context: &Context) -> Result<Action, Error> {
    let house = context.house(visitor)?;
    let zoned = context.clock.now().to_zoned(house.zone.clone());
    let day = |text: &str| text.parse::<Date>().map_err(|_| Error::Invalid("a day of the visit"));
    let from = day(&visitor.spec.visit.from)?;
    let to = visitor.spec.visit.to.as_deref().map_or(Ok(from), day)?;
    let reason = if zoned.date() < from {
        "Scheduled"
    } else if zoned.date() > to {
        leave(visitor, house).await?;
        "Expired"
    } else {
        enter(visitor, house, zoned.date()).await?;
        "Succeeded"
    };
    let patch = Patch::Merge(json!({ "status": status::ready(visitor, reason, zoned.timestamp()) }));
    api.patch_status(&visitor.name_any(), &PatchParams::default(), &patch).await?;
    // As in the samples. Midnight comes as an event.
    Ok(Action::requeue(Duration::from_mins(5)))
}

/// Creates the person if there is none.
async fn enter(visitor: &Visitor, house: &House, day: Date) -> Result<(), Error> {
    let id = id(visitor);
    if house.netbox.has(&id).await? {
        return Ok(());
    }
    let spec = &visitor.spec;
    let guest = Guest {
        id: &id,
        first_name: spec.first_name.as_deref().unwrap_or_default(),
        last_name: &spec.last_name,
        email: spec.email.as_deref().unwrap_or_default(),
        day,
        groups: &house.groups,
    };
    Ok(house.netbox.add(&guest).await?)
}

/// Removes the person if there is one.
async fn leave(visitor: &Visitor, house: &House) -> Result<(), Error> {
    let id = id(visitor);
    if house.netbox.has(&id).await? {
        house.netbox.remove(&id).await?;
    }
    Ok(())
}

fn id(visitor: &Visitor) -> String {
    format!("naive-{}-{}", visitor.namespace().unwrap_or_default(), visitor.name_any())
}

impl Context {
    fn house(&self, visitor: &Visitor) -> Result<&House, Error> {
        self.houses.get(&visitor.spec.tenant_ref.name).ok_or(Error::Invalid("its tenant"))
    }
}
