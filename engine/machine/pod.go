package machine

import (
	"slices"
	"strings"

	"runbook/engine/module"
)

// podKinds are what a pod can be taken of, as they are written before its name.
var podKinds = []string{"daemonset", "deployment", "pod", "statefulset"}

// CheckPod says what is wrong with how a machine that is a pod is named, as "pod/NAME" or as what a ready pod is taken of; "" if nothing is.
func CheckPod(named string) (fault string) {
	kind, name, _ := strings.Cut(named, "/")
	switch {
	case name == "" || strings.ContainsAny(name, "/ \t\n"):
		return `it is written as kind and name, such as "deployment/photon-toolbox"`
	case !slices.Contains(podKinds, kind):
		return "a pod is not taken of a " + kind + module.Suggest(kind, podKinds)
	}
	return ""
}
