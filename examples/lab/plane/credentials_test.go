package plane

import (
	"os"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"runbook/examples/lab/layout"
)

func TestKubeconfigHasAContextForEachPerson(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	for _, folder := range []string{dir.PKI(), dir.Config()} {
		if err := os.Mkdir(folder, layout.FolderMode); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeCredentials(dir, "https://127.0.0.1:6443"); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(dir.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	var contexts []string
	for name, context := range config.Contexts {
		contexts = append(contexts, name)
		if config.AuthInfos[context.AuthInfo] == nil || config.Clusters[context.Cluster] == nil {
			t.Errorf("context %s names a user or cluster that is not there", name)
		}
	}
	slices.Sort(contexts)
	if want := []string{"lab-admin", "lab-oncall", "lab-viewer"}; !slices.Equal(contexts, want) {
		t.Errorf("contexts are %q, want %q", contexts, want)
	}
	if config.CurrentContext != "lab-admin" {
		t.Errorf("the current context is %s", config.CurrentContext)
	}
}

func TestStagehandOfNoLab(t *testing.T) {
	if _, err := Stagehand(layout.Dir(t.TempDir())); err == nil {
		t.Error("want an error that says how to start a lab")
	}
}
