package sitefile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"

	"runbook/examples/lab/layout"
)

func home(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", folder)
	t.Setenv("HOME", folder) // where a Mac keeps it
	sites, err := sites()
	if err != nil {
		t.Fatal(err)
	}
	return sites
}

// lab is one whose site file is written.
var lab = Site{
	Name: "lab", Namespace: "photon-mlir", Prometheus: "http://127.0.0.1:9090", Alertmanager: "http://127.0.0.1:9093",
	Webhook: "http://127.0.0.1:8080", SMTP: "127.0.0.1:25", MailUser: "photon-mlir",
	Rack: "rack-1", Store: "http://127.0.0.1:7070",
}

func written(t *testing.T) layout.Dir {
	t.Helper()
	dir := layout.Dir(t.TempDir())
	if err := Write(dir, lab); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPathOfAnyKindIsOneValue(t *testing.T) {
	dir := layout.Dir(filepath.Join(t.TempDir(), "a: \"b\" #c"))
	if err := os.Mkdir(string(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, lab); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir.Site())
	if err != nil {
		t.Fatal(err)
	}
	var site struct {
		Kubernetes struct{ Kubeconfig, Namespace string }
		Prometheus struct{ URL string }
		Hosts      map[string]struct{ SSH, Config, Pod string }
		Devices    map[string]struct{ Driver, On, Log string }
		S3         struct {
			Profile, Endpoint string
			PathStyle         bool `yaml:"path_style"`
		}
	}
	if err := yaml.Unmarshal(text, &site); err != nil {
		t.Fatal(err)
	}
	if site.Kubernetes.Kubeconfig != dir.Kubeconfig() || site.Kubernetes.Namespace != "photon-mlir" || site.Prometheus.URL != lab.Prometheus {
		t.Errorf("got %+v of\n%s", site, text)
	}
	if site.S3.Profile != "lab-oncall" || site.S3.Endpoint != lab.Store || !site.S3.PathStyle {
		t.Errorf("got %+v of\n%s", site.S3, text)
	}
	if rack := site.Hosts["rack-1"]; rack.SSH != "rack-1" || rack.Config != dir.SSHConfig() || site.Hosts["compiler"].Pod == "" {
		t.Errorf("got %+v of\n%s", site.Hosts, text)
	}
	if mit := site.Devices["mit-2"]; len(site.Devices) != 4 || mit.Driver != "mit-silicon-photonics" || mit.On != "rack-1" || mit.Log != dir.DeviceLog("mit-2") {
		t.Errorf("got %+v of\n%s", site.Devices, text)
	}
}

func TestALabWithoutARackHasNoHostOfThatName(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	without := lab
	without.Rack = ""
	if err := Write(dir, without); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir.Site())
	if err != nil {
		t.Fatal(err)
	}
	var site struct {
		Devices map[string]any
		Hosts   map[string]struct{ SSH string }
	}
	if err := yaml.Unmarshal(text, &site); err != nil {
		t.Fatal(err)
	}
	if len(site.Hosts) != 1 || site.Hosts["compiler"].SSH != "" {
		t.Errorf("got %+v of\n%s", site.Hosts, text)
	}
	if len(site.Devices) > 0 {
		t.Errorf("got devices without the rack that they are in: %+v", site.Devices)
	}
}

func TestNameLeadsToTheLabUntilItEnds(t *testing.T) {
	sites, dir, other := home(t), written(t), written(t)
	link := filepath.Join(sites, "lab.yaml")
	for range 2 { // a name that is there already is no error
		if err := Publish(dir, "lab"); err != nil {
			t.Fatal(err)
		}
	}
	if target, err := os.Readlink(link); target != dir.Site() {
		t.Fatalf("the name leads to %q, %v", target, err)
	}
	var taken *TakenError
	if err := Publish(other, "lab"); !errors.As(err, &taken) {
		t.Errorf("got %v, want that the name is another lab's", err)
	}
	if err := Withdraw(other); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(link); err != nil {
		t.Error("a lab took away the name of another one")
	}
	if err := Withdraw(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the name outlives its lab: %v", err)
	}
}

func TestNameOfALabThatIsGoneIsFree(t *testing.T) {
	home(t)
	gone, dir := written(t), written(t)
	if err := os.WriteFile(gone.Lock(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Publish(gone, "lab"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone.Site()); err != nil {
		t.Fatal(err)
	}
	if err := Publish(dir, "lab"); err != nil {
		t.Errorf("got %v", err)
	}
}

// A disk that is not there for the moment is no lab that is gone.
func TestNameThatLeadsNowhereIsNotTaken(t *testing.T) {
	sites, dir := home(t), written(t)
	if err := os.MkdirAll(sites, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "unmounted", "runbook.yaml"), filepath.Join(sites, "lab.yaml")); err != nil {
		t.Fatal(err)
	}
	var taken *TakenError
	if err := Publish(dir, "lab"); !errors.As(err, &taken) {
		t.Errorf("got %v", err)
	}
}

func TestNameIsThatOfAFile(t *testing.T) {
	for name, good := range map[string]bool{"lab": true, "lab-2.eu": true, "": false, "../lab": false, "a/b": false, "-l": false, ".": false} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSiteFileOfAPersonStays(t *testing.T) {
	sites, dir := home(t), written(t)
	if err := os.MkdirAll(sites, 0o700); err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(sites, "lab.yaml")
	if err := os.WriteFile(theirs, []byte("name: ours\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Publish(dir, "lab"); err == nil {
		t.Error("want an error")
	}
	if err := Withdraw(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(theirs); err != nil || string(text) != "name: ours\n" {
		t.Errorf("their site file is %q, %v", text, err)
	}
}

func TestShellSourcesWhatIsWritten(t *testing.T) {
	dir := layout.Dir(filepath.Join(t.TempDir(), "it's $HOME"))
	if err := os.Mkdir(string(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteEnv(dir); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("/bin/sh", "-c", `. "$1" && printf '%s\n' "$KUBECONFIG" "${PATH%%:*}"`, "sh", dir.Env())
	out, err := shell.CombinedOutput()
	if want := dir.Kubeconfig() + "\n" + dir.Bin() + "\n"; err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}
