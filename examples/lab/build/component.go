package build

import "time"

// Component is a server or tool that the lab needs.
type Component struct {
	Name    string
	Package string        // its main package, pinned by a tool directive in go.mod
	cost    time.Duration // processor time to compile and link it after those before it, measured with an empty cache
}

// The names by which the rest of the lab asks for its components.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
	Kubectl           = "kubectl"
)

// components is in the order in which they are built: what the first compile, the later ones share.
var components = []Component{
	{Etcd, "go.etcd.io/etcd/server/v3", 105 * time.Second},
	{APIServer, "k8s.io/kubernetes/cmd/kube-apiserver", 720 * time.Second},
	{ControllerManager, "k8s.io/kubernetes/cmd/kube-controller-manager", 340 * time.Second},
	{Scheduler, "k8s.io/kubernetes/cmd/kube-scheduler", 25 * time.Second},
	{Kwok, "sigs.k8s.io/kwok/cmd/kwok", 60 * time.Second},
	{Kubectl, "k8s.io/kubernetes/cmd/kubectl", 45 * time.Second},
}
