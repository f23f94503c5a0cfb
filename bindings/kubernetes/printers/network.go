package printers

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/workload"
)

func serviceColumns(columns map[string]any, service object, _ time.Time) {
	columns["type"], columns["cluster_ip"] = workload.Text(service, "spec", "type"), none
	if all := workload.Texts(service, "spec", "clusterIPs"); len(all) > 0 {
		columns["cluster_ip"] = all[0]
	}
	columns["external_ip"], columns["selector"] = externalIP(service), labelText(workload.Map(service, "spec", "selector"))
	var ports []string
	for _, p := range workload.Maps(service, "spec", "ports") {
		port, _ := workload.Int(p, "port")
		text := strconv.FormatInt(port, 10)
		if node, _ := workload.Int(p, "nodePort"); node > 0 {
			text += ":" + strconv.FormatInt(node, 10)
		}
		ports = append(ports, text+"/"+workload.Text(p, "protocol"))
	}
	columns["ports"] = orNone(strings.Join(ports, ","))
}

func externalIP(service object) string {
	own := workload.Texts(service, "spec", "externalIPs")
	switch workload.Text(service, "spec", "type") {
	case "ClusterIP", "NodePort":
		return orNone(strings.Join(own, ","))
	case "LoadBalancer":
		return cmp.Or(strings.Join(append(balancers(service), own...), ","), "<pending>")
	case "ExternalName":
		return workload.Text(service, "spec", "externalName")
	}
	return "<unknown>"
}

// balancers are the addresses of a load balancer. kubectl cuts a long list of them short, unless asked for the wide form.
func balancers(o object) []string {
	var out []string
	for _, point := range workload.Maps(o, "status", "loadBalancer", "ingress") {
		if address := cmp.Or(workload.Text(point, "ip"), workload.Text(point, "hostname")); address != "" {
			out = append(out, address)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func ingressColumns(columns map[string]any, ingress object, _ time.Time) {
	columns["class"] = orNone(workload.Text(ingress, "spec", "ingressClassName"))
	rules := workload.Maps(ingress, "spec", "rules")
	var hosts []string
	more := false
	for _, rule := range rules {
		more = more || len(hosts) == shownHosts
		if host := workload.Text(rule, "host"); host != "" && !more {
			hosts = append(hosts, host)
		}
	}
	columns["hosts"] = cmp.Or(strings.Join(hosts, ","), "*")
	if more && len(hosts) > 0 {
		columns["hosts"] = fmt.Sprintf("%s + %d more...", columns["hosts"], len(rules)-shownHosts)
	}
	columns["address"], columns["ports"] = strings.Join(balancers(ingress), ","), "80"
	if len(workload.Maps(ingress, "spec", "tls")) > 0 {
		columns["ports"] = "80, 443"
	}
}

func ingressClassColumns(columns map[string]any, o object, _ time.Time) {
	if workload.Text(o, "metadata", "annotations", "ingressclass.kubernetes.io/is-default-class") == "true" {
		columns["name"] = workload.Text(o, "metadata", "name") + " (default)"
	}
	columns["controller"], columns["parameters"] = workload.Text(o, "spec", "controller"), none
	if p := workload.Map(o, "spec", "parameters"); p != nil {
		kind := schema.GroupKind{Group: workload.Text(p, "apiGroup"), Kind: workload.Text(p, "kind")}
		columns["parameters"] = kind.String() + "/" + workload.Text(p, "name")
	}
}

func networkPolicyColumns(columns map[string]any, o object, _ time.Time) {
	columns["pod_selector"] = labelSelectorText(workload.Map(o, "spec", "podSelector"))
}

func endpointsColumns(columns map[string]any, o object, _ time.Time) {
	var found []string
	for _, subset := range workload.Maps(o, "subsets") {
		ports := workload.Maps(subset, "ports")
		if len(ports) == 0 { // a headless service need not have any
			found = append(found, addresses(subset)...)
		}
		for _, port := range ports {
			number, _ := workload.Int(port, "port")
			for _, ip := range addresses(subset) {
				found = append(found, net.JoinHostPort(ip, strconv.FormatInt(number, 10)))
			}
		}
	}
	columns["endpoints"] = some(found, none)
}

func addresses(subset object) (out []string) {
	for _, a := range workload.Maps(subset, "addresses") {
		out = append(out, workload.Text(a, "ip"))
	}
	return out
}

func endpointSliceColumns(columns map[string]any, o object, _ time.Time) {
	var ports, found []string
	for _, p := range workload.Maps(o, "ports") {
		text := cmp.Or(workload.Text(p, "name"), "*")
		if number, ok := workload.Int(p, "port"); ok {
			text = strconv.FormatInt(number, 10)
		}
		ports = append(ports, text)
	}
	for _, e := range workload.Maps(o, "endpoints") {
		found = append(found, workload.Texts(e, "addresses")...)
	}
	columns["addresstype"], columns["ports"], columns["endpoints"] = workload.Text(o, "addressType"), some(ports, unset), some(found, unset)
}

// shown is how many items of a list are printed.
const shown = 3

// some are the first items of a list, and how many more there are; otherwise what stands for none.
func some(list []string, otherwise string) string {
	switch {
	case len(list) == 0:
		return otherwise
	case len(list) > shown:
		return fmt.Sprintf("%s + %d more...", strings.Join(list[:shown], ","), len(list)-shown)
	}
	return strings.Join(list, ",")
}
