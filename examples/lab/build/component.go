package build

import "time"

// Component is a server or tool that the lab needs.
type Component struct {
	Name    string
	Package string        // its main package, pinned by a tool directive in go.mod
	cost    time.Duration // processor time to compile and link it after those before it, measured with an empty cache
	tags    string        // for the go command, comma-separated
	amended *amendment    // nil for a module that is built as it is
}

// The names by which the rest of the lab asks for its components.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
	Kubectl           = "kubectl"
	MetricsServer     = "metrics-server"
	Prometheus        = "prometheus"
	Alertmanager      = "alertmanager"
	Store             = "versitygw"
)

// components is in the order in which they are built: what the first compile, the later ones share.
var components = []Component{
	{Name: Etcd, Package: "go.etcd.io/etcd/server/v3", cost: 105 * time.Second},
	{Name: APIServer, Package: "k8s.io/kubernetes/cmd/kube-apiserver", cost: 720 * time.Second},
	{Name: ControllerManager, Package: "k8s.io/kubernetes/cmd/kube-controller-manager", cost: 340 * time.Second},
	{Name: Scheduler, Package: "k8s.io/kubernetes/cmd/kube-scheduler", cost: 25 * time.Second},
	{Name: Kwok, Package: "sigs.k8s.io/kwok/cmd/kwok", cost: 60 * time.Second, amended: amendedKwok},
	{Name: Kubectl, Package: "k8s.io/kubernetes/cmd/kubectl", cost: 45 * time.Second},
	{Name: MetricsServer, Package: "sigs.k8s.io/metrics-server/cmd/metrics-server", cost: 30 * time.Second},
	// Targets come from files and lists here: the clouds' discoveries would double the time to build.
	{Name: Prometheus, Package: "github.com/prometheus/prometheus/cmd/prometheus", cost: 235 * time.Second, tags: "remove_all_sd"},
	{Name: Alertmanager, Package: "github.com/prometheus/alertmanager/cmd/alertmanager", cost: 60 * time.Second, amended: amendedAlertmanager},
	{Name: Store, Package: "github.com/versity/versitygw/cmd/versitygw", cost: 145 * time.Second},
}
