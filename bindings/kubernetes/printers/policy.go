package printers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/workload"
)

// createdColumns are those of kinds that are printed with a date instead of an age.
func createdColumns(columns map[string]any, o object, _ time.Time) {
	columns["created_at"] = workload.Text(o, "metadata", "creationTimestamp")
}

func quotaColumns(columns map[string]any, o object, _ time.Time) {
	var requests, limits []string
	hard, used := workload.Map(o, "status", "hard"), workload.Map(o, "status", "used")
	for _, name := range slices.Sorted(maps.Keys(hard)) {
		text := fmt.Sprintf("%s: %s/%s", name, cmp.Or(workload.Text(used, name), "0"), workload.Text(hard, name))
		if strings.HasPrefix(name, "limits.") {
			limits = append(limits, text)
		} else {
			requests = append(requests, text)
		}
	}
	columns["request"], columns["limit"] = strings.Join(requests, ", "), strings.Join(limits, ", ")
}

func priorityClassColumns(columns map[string]any, o object, _ time.Time) {
	value, _ := workload.Int(o, "value")
	columns["value"], columns["global_default"] = strconv.FormatInt(value, 10), strconv.FormatBool(o["globalDefault"] == true)
	columns["preemptionpolicy"] = workload.Text(o, "preemptionPolicy")
}

// bindingColumns are those of a binding of a role.
func bindingColumns(columns map[string]any, o object, _ time.Time) {
	columns["role"] = workload.Text(o, "roleRef", "kind") + "/" + workload.Text(o, "roleRef", "name")
	of := map[string][]string{}
	for _, subject := range workload.Maps(o, "subjects") {
		kind, name := workload.Text(subject, "kind"), workload.Text(subject, "name")
		if kind == "ServiceAccount" {
			name = workload.Text(subject, "namespace") + "/" + name
		}
		of[kind] = append(of[kind], name)
	}
	columns["users"], columns["groups"] = strings.Join(of["User"], ", "), strings.Join(of["Group"], ", ")
	columns["serviceaccounts"] = strings.Join(of["ServiceAccount"], ", ")
}

func webhookColumns(columns map[string]any, o object, _ time.Time) {
	columns["webhooks"] = strconv.Itoa(len(workload.Maps(o, "webhooks")))
}
