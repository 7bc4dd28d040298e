//! The project's kinds on the cluster: every file of `crds/`, applied once and awaited.

use std::error::Error;
use std::path::{Path, PathBuf};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::runtime::conditions::is_crd_established;
use kube::{Api, Client, ResourceExt};
use serde::Deserialize;

use super::wait_for;

/// Applies all definitions under `dir`, if there is such a directory, and waits until they are served.
pub(super) async fn apply(client: &Client, dir: &Path) -> Result<(), Box<dyn Error>> {
    let definitions = read(dir)?;
    let kind = ApiResource::erase::<CustomResourceDefinition>(&());
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
    let params = PatchParams::apply("vestibule-tests").force();
    for definition in &definitions {
        api.patch(&definition.name_any(), &params, &Patch::Apply(definition)).await?;
    }
    for definition in &definitions {
        let (api, name) = (Api::all(client.clone()), definition.name_any());
        wait_for(api, &name, &format!("{name} is established"), is_crd_established()).await;
    }
    Ok(())
}

fn read(dir: &Path) -> Result<Vec<DynamicObject>, Box<dyn Error>> {
    let mut objects = Vec::new();
    for path in files(dir)? {
        let text = std::fs::read_to_string(&path)?;
        for document in serde_yaml::Deserializer::from_str(&text) {
            // A file may begin or end with a separator: an empty document does not count.
            let object = Option::<DynamicObject>::deserialize(document);
            objects.extend(object.map_err(|error| format!("{}: {error}", path.display()))?);
        }
    }
    Ok(objects)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let paths = std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::client;
    use kube::api::DeleteParams;

    const WIDGETS: &str = r"
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.test.vestibule.dev}
spec:
  group: test.vestibule.dev
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
";

    #[test]
    fn a_directory_that_is_not_there_holds_no_definitions() {
        assert!(read(Path::new("/no/such/directory")).unwrap().is_empty());
    }

    #[tokio::test]
    async fn every_document_of_every_yaml_file_is_applied_and_established() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("widgets.yaml"), WIDGETS).unwrap();
        std::fs::write(dir.path().join("README.md"), "not a definition").unwrap();
        apply(&client(), dir.path()).await.unwrap();
        apply(&client(), dir.path()).await.unwrap();
        let crds: Api<CustomResourceDefinition> = Api::all(client());
        assert_eq!(crds.get("widgets.test.vestibule.dev").await.unwrap().spec.names.kind, "Widget");
        crds.delete("widgets.test.vestibule.dev", &DeleteParams::default()).await.unwrap();
    }
}
