package world

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"runbook/engine/module"
	"runbook/engine/world/cluster"
	"runbook/engine/world/fault"
)

// The names of the systems.
const (
	kubernetesSystem = "kubernetes"
	prometheusSystem = "prometheus"
	s3System         = "s3"
	receiversSystem  = "notify"
	alertsSystem     = "alertmanager"
)

// systems are those that a fault can mean as a whole.
var systems = []string{kubernetesSystem, prometheusSystem, s3System, receiversSystem, alertsSystem, fault.MachineSystem}

// verbs are those of a call: of the API server's resources, of what of a system is no resource, and of machines.
var verbs = append(fault.MachineVerbs(),
	"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "post", "put", "head", "options", "copy", "send",
)

// calls finds out whether there can be calls of which a fault speaks: with one that no call meets, nothing would go wrong, and nobody would know.
func calls(on string) error {
	words := strings.Fields(on)
	if len(words) == 1 && !slices.Contains(systems, words[0]) {
		return fmt.Errorf("there is no system %q%s", words[0], module.Suggest(words[0], systems))
	}
	if len(words) != 2 {
		return nil
	}
	fits := func(verb string) bool {
		ok, err := path.Match(words[0], verb)
		return ok && err == nil
	}
	if !slices.ContainsFunc(verbs, fits) {
		return fmt.Errorf("there is no verb %q%s", words[0], module.Suggest(words[0], verbs))
	}
	if plural := cluster.Plural(words[1]); plural != "" {
		return fmt.Errorf("%q is no resource: write %q", words[1], plural)
	}
	return nil
}
