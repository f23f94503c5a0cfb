package printers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/workload"
)

// The columns of what pods run on, are reached by, and keep their data in.

func nodeColumns(columns map[string]any, node object, _ time.Time) {
	info := func(field string) string { return workload.Text(node, "status", "nodeInfo", field) }
	columns["status"], columns["roles"], columns["version"] = nodeStatus(node), nodeRoles(node), info("kubeletVersion")
	columns["internal_ip"], columns["external_ip"] = nodeAddress(node, "InternalIP"), nodeAddress(node, "ExternalIP")
	columns["os_image"] = cmp.Or(info("osImage"), "<unknown>")
	columns["container_runtime"] = cmp.Or(info("containerRuntimeVersion"), "<unknown>")
	kernel := cmp.Or(info("kernelVersion"), "<unknown>")
	if architecture := info("architecture"); architecture != "" {
		kernel += " (" + architecture + ")"
	}
	columns["kernel_version"] = kernel
}

func nodeStatus(node object) string {
	status := "Unknown"
	if ready := workload.Condition(node, "Ready"); ready != nil {
		status = "NotReady"
		if ready["status"] == "True" {
			status = "Ready"
		}
	}
	if workload.Dig(node, "spec", "unschedulable") == true {
		status += ",SchedulingDisabled"
	}
	return status
}

func nodeRoles(node object) string {
	var roles []string
	for label, value := range workload.Map(node, "metadata", "labels") {
		role, isRole := strings.CutPrefix(label, "node-role.kubernetes.io/")
		if label == "kubernetes.io/role" {
			role, isRole = fmt.Sprint(value), true
		}
		if isRole && role != "" {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return orNone(strings.Join(slices.Compact(roles), ","))
}

func nodeAddress(node object, kind string) string {
	for _, address := range workload.Maps(node, "status", "addresses") {
		if address["type"] == kind {
			return workload.Text(address, "address")
		}
	}
	return none
}

// shownHosts is how many of an ingress's hosts are printed.
const shownHosts = 3

func volumeColumns(columns map[string]any, o object, _ time.Time) {
	columns["capacity"] = workload.Quantity(o, "spec", "capacity", "storage").String()
	columns["access_modes"] = accessModes(o, "spec")
	columns["reclaim_policy"] = workload.Text(o, "spec", "persistentVolumeReclaimPolicy")
	columns["status"], columns["reason"] = phase(o), workload.Text(o, "status", "reason")
	columns["claim"] = ""
	if claim := workload.Map(o, "spec", "claimRef"); claim != nil {
		columns["claim"] = workload.Text(claim, "namespace") + "/" + workload.Text(claim, "name")
	}
	storageColumns(columns, o)
}

func claimColumns(columns map[string]any, o object, _ time.Time) {
	columns["status"], columns["volume"] = phase(o), workload.Text(o, "spec", "volumeName")
	columns["capacity"], columns["access_modes"] = "", ""
	if columns["volume"] != "" {
		columns["capacity"] = workload.Quantity(o, "status", "capacity", "storage").String()
		columns["access_modes"] = accessModes(o, "status")
	}
	storageColumns(columns, o)
}

func storageColumns(columns map[string]any, o object) {
	columns["storageclass"] = cmp.Or(workload.Text(o, "metadata", "annotations", "volume.beta.kubernetes.io/storage-class"), workload.Text(o, "spec", "storageClassName"))
	columns["volumeattributesclass"] = cmp.Or(workload.Text(o, "spec", "volumeAttributesClassName"), unset)
	columns["volumemode"] = cmp.Or(workload.Text(o, "spec", "volumeMode"), unset)
}

func phase(o object) string {
	if workload.Text(o, "metadata", "deletionTimestamp") != "" {
		return "Terminating"
	}
	return workload.Text(o, "status", "phase")
}

// accessModes are those of a volume in kubectl's short form.
func accessModes(o object, field string) string {
	modes := workload.Texts(o, field, "accessModes")
	var out []string
	for _, mode := range [][2]string{
		{"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"},
	} {
		if slices.Contains(modes, mode[0]) {
			out = append(out, mode[1])
		}
	}
	return strings.Join(out, ",")
}

func storageClassColumns(columns map[string]any, o object, _ time.Time) {
	if workload.Text(o, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true" {
		columns["name"] = workload.Text(o, "metadata", "name") + " (default)"
	}
	columns["provisioner"] = workload.Text(o, "provisioner")
	columns["reclaimpolicy"] = cmp.Or(workload.Text(o, "reclaimPolicy"), "Delete")
	columns["volumebindingmode"] = cmp.Or(workload.Text(o, "volumeBindingMode"), unset)
	columns["allowvolumeexpansion"] = strconv.FormatBool(o["allowVolumeExpansion"] == true)
}

func eventColumns(columns map[string]any, event object, now time.Time) {
	event = Counted(event)
	count, _ := workload.Int(event, "count")
	about := strings.ToLower(workload.Text(event, "involvedObject", "kind"))
	if name := workload.Text(event, "involvedObject", "name"); name != "" {
		about += "/" + name
	}
	columns["last_seen"], columns["count"] = age(LastSeen(event), now), strconv.FormatInt(count, 10)
	columns["first_seen"] = age(FirstSeen(event), now)
	columns["type"], columns["reason"] = workload.Text(event, "type"), workload.Text(event, "reason")
	columns["object"], columns["message"] = about, strings.TrimSpace(workload.Text(event, "message"))
	columns["subobject"], columns["source"] = workload.Text(event, "involvedObject", "fieldPath"), eventSource(event)
}

func eventSource(event object) string {
	who, where := workload.Text(event, "source", "component"), workload.Text(event, "source", "host")
	if who == "" {
		who, where = workload.Text(event, "reportingComponent"), workload.Text(event, "reportingInstance")
	}
	if where == "" {
		return who
	}
	return who + ", " + where
}

// dataColumns counts what is in a config map or a Secret; its values are none of a table's business.
func dataColumns(columns map[string]any, o object, _ time.Time) {
	columns["data"] = strconv.Itoa(len(workload.Map(o, "data")) + len(workload.Map(o, "binaryData")))
	if kind := workload.Text(o, "type"); kind != "" {
		columns["type"] = kind
	}
}

func namespaceColumns(columns map[string]any, o object, _ time.Time) {
	columns["status"] = workload.Text(o, "status", "phase")
}

func leaseColumns(columns map[string]any, o object, _ time.Time) {
	columns["holder"] = workload.Text(o, "spec", "holderIdentity")
}

// labelText is labels as kubectl prints them.
func labelText(o object) string {
	set := labels.Set{}
	for key, value := range o {
		set[key] = fmt.Sprint(value)
	}
	return labels.FormatLabels(set)
}

func attachmentColumns(columns map[string]any, o object, _ time.Time) {
	columns["attacher"], columns["node"] = workload.Text(o, "spec", "attacher"), workload.Text(o, "spec", "nodeName")
	columns["pv"] = workload.Text(o, "spec", "source", "persistentVolumeName")
	columns["attached"] = strconv.FormatBool(workload.Dig(o, "status", "attached") == true)
}

func runtimeClassColumns(columns map[string]any, o object, _ time.Time) {
	columns["handler"] = workload.Text(o, "handler")
}
