package cluster

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"runbook/engine/workload"
)

// admitted is a new object with everything that the server itself fills in.
func (c *Cluster) admitted(k *kind, o Object, opts options) (Object, error) {
	o = workload.Defaulted(o)
	switch k.canonical() {
	case "namespaces":
		o = workload.With(o, activeSpec(), "spec")
	case "services":
		o = c.addressed(o, opts)
	case "pods":
		o = podAdmitted(o)
	case "secrets":
		o = secretEncoded(o)
	case "jobs.batch":
		o = workload.JobSelected(o)
	case definitions:
		o = definitionDefaulted(o)
	}
	return k.tidyDefaults(o)
}

// admittedAgain is an object that is there, after a change.
func (c *Cluster) admittedAgain(k *kind, live, o Object) (Object, error) {
	o = workload.Defaulted(o)
	switch k.canonical() {
	case "services":
		for _, field := range []string{"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} {
			if workload.Dig(o, "spec", field) == nil {
				o = workload.With(o, workload.Dig(live, "spec", field), "spec", field)
			}
		}
	case "secrets":
		o = secretEncoded(o)
	case definitions:
		o = definitionDefaulted(o)
	}
	return o, nil
}

// tidyDefaults is the object as its Go type writes it.
func (k *kind) tidyDefaults(o Object) (Object, error) {
	if !k.typed() {
		return o, nil
	}
	return k.tidy(o)
}

// addressed gives a service its address in the cluster.
func (c *Cluster) addressed(o Object, opts options) Object {
	if workload.Text(o, "spec", "type") == "ExternalName" {
		return o
	}
	address := workload.Text(o, "spec", "clusterIP")
	if address == "" {
		n := c.services + 2
		if !opts.dryRun {
			c.services++
		}
		address = fmt.Sprintf("10.0.%d.%d", n/250, n%250+1)
		o = workload.With(o, address, "spec", "clusterIP")
	}
	for field, value := range map[string]any{
		"clusterIPs": []any{address}, "ipFamilies": []any{"IPv4"}, "ipFamilyPolicy": "SingleStack",
	} {
		if workload.Dig(o, "spec", field) == nil {
			o = workload.With(o, value, "spec", field)
		}
	}
	return o
}

// podAdmitted is a new pod as the server's admission leaves it.
func podAdmitted(o Object) Object {
	status := Object{"phase": "Pending", "qosClass": workload.QOSClass(o)}
	return workload.With(o, status, "status")
}

// suffix completes a generated name: the same in every run of a scenario, and never the same twice. A dry run uses none up.
func (c *Cluster) suffix(prefix string, dryRun bool) string {
	n := c.named + 1
	if !dryRun {
		c.named = n
	}
	return workload.Suffix(prefix + strconv.FormatInt(n, 10))
}

// secretEncoded moves stringData, which is only ever written, to where it is kept.
func secretEncoded(o Object) Object {
	for key := range workload.Map(o, "stringData") {
		o = workload.With(o, base64.StdEncoding.EncodeToString([]byte(workload.Text(o, "stringData", key))), "data", key)
	}
	return workload.With(o, nil, "stringData")
}
