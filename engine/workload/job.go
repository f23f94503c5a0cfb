package workload

// JobSelected gives a job that has its uid the labels by which it knows its pods, unless it chooses them by itself.
func JobSelected(o Object) Object {
	if Dig(o, "spec", "manualSelector") == true {
		return o
	}
	for label, value := range map[string]string{
		"batch.kubernetes.io/controller-uid": uid(o), "controller-uid": uid(o), "batch.kubernetes.io/job-name": name(o), "job-name": name(o),
	} {
		o = With(o, value, "spec", "template", "metadata", "labels", label)
	}
	return With(o, uid(o), "spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid")
}
