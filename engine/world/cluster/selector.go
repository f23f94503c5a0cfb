package cluster

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/workload"
)

// A selector chooses objects by labels and fields.
type selector struct {
	kind   *kind
	labels labels.Selector
	fields fields.Selector
}

// selector reads what a request chooses by. Which fields a kind can be chosen by is a matter of the kind.
func (k *kind) selector(opts metav1.ListOptions, call Call) (selector, error) {
	s := selector{kind: k}
	var err error
	if s.labels, err = labels.Parse(opts.LabelSelector); err != nil {
		return s, apierrors.NewBadRequest(err.Error())
	}
	if s.fields, err = fields.ParseSelector(opts.FieldSelector); err != nil {
		return s, apierrors.NewBadRequest(err.Error())
	}
	if s.fields, err = s.fields.Transform(k.fieldLabel); err != nil {
		return s, apierrors.NewBadRequest(err.Error())
	}
	if call.Name != "" && s.fields.Empty() { // a watch of one object by its path
		s.fields = fields.OneTermEqualSelector("metadata.name", call.Name)
	}
	return s, nil
}

func (s selector) everything() bool { return s.labels.Empty() && s.fields.Empty() }

func (s selector) matches(o Object) bool {
	if o == nil {
		return false
	}
	if !s.labels.Empty() && !s.labels.Matches(labelsOf(o, "metadata", "labels")) {
		return false
	}
	if s.fields.Empty() {
		return true
	}
	set := fields.Set{}
	for _, requirement := range s.fields.Requirements() {
		set[requirement.Field] = s.kind.fieldValue(o, requirement.Field)
	}
	return s.fields.Matches(set)
}

// labelsOf is a map of texts in an object.
func labelsOf(o Object, path ...string) labels.Set {
	set := labels.Set{}
	for key := range workload.Map(o, path...) {
		set[key] = workload.Text(workload.Map(o, path...), key)
	}
	return set
}

// chosenBy are the fields by which objects of a kind can be chosen, beside name and namespace.
var chosenBy = map[string][]string{
	"pods": {
		"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
		"status.podIP", "status.podIPs", "status.nominatedNodeName",
	},
	"nodes":                  {"spec.unschedulable"},
	"replicationcontrollers": {"status.replicas"},
	"namespaces":             {"status.phase"},
	"secrets":                {"type"},
	"services":               {"spec.clusterIP", "spec.type"},
	"jobs.batch":             {"status.successful"},
	"events": {
		"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
		"involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
	},
	"certificatesigningrequests.certificates.k8s.io": {"spec.signerName"},
}

// fieldLabel says whether objects of the kind can be chosen by a field, in the server's words if not.
func (k *kind) fieldLabel(label, value string) (string, string, error) {
	if label == "spec.host" && k.canonical() == "pods" {
		label = "spec.nodeName" // its name of long ago
	}
	own, special := chosenBy[k.canonical()]
	if k.custom != nil {
		own = k.custom.selectable
	}
	switch {
	case label == "metadata.name", label == "metadata.namespace" && (k.namespaced || !special), slices.Contains(own, label):
		return label, value, nil
	case k.canonical() == "jobs.batch":
		return "", "", fmt.Errorf("field label %q not supported for Job", label)
	case k.custom != nil:
		return "", "", fmt.Errorf("field label not supported: %s", label)
	case special:
		return "", "", fmt.Errorf("field label not supported: %s", label)
	}
	return "", "", fmt.Errorf("%q is not a known field selector: only %q, %q", label, "metadata.name", "metadata.namespace")
}

// fieldValue is what a field selector compares.
func (k *kind) fieldValue(o Object, label string) string {
	switch k.canonical() + " " + label {
	case "events source":
		if component := workload.Text(o, "source", "component"); component != "" {
			return component
		}
		label = "reportingComponent"
	case "jobs.batch status.successful":
		n, _ := workload.Int(o, "status", "succeeded")
		return fmt.Sprint(n)
	case "replicationcontrollers status.replicas":
		n, _ := workload.Int(o, "status", "replicas")
		return fmt.Sprint(n)
	case "pods spec.hostNetwork", "nodes spec.unschedulable":
		return fmt.Sprint(workload.Dig(o, strings.Split(label, ".")...) == true)
	}
	switch v := workload.Dig(o, strings.Split(label, ".")...).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}
