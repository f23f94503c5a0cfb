package kubernetes

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/workload"
)

// How an answer is written down, so that two servers that do the same write the same.

// tidy hides who manages fields, or shows it shortly, in an object and in those of a list.
func tidy(o object, managers bool) object {
	o = workload.Clone(o)
	if items, ok := o["items"].([]any); ok {
		for i := range items {
			items[i] = tidy(items[i].(object), managers)
		}
		workload.Dig(o, "metadata").(object)["resourceVersion"] = "{revision}" // it moves with whatever anybody changes
	}
	meta, ok := o["metadata"].(object)
	if !ok {
		return o
	}
	fields, _ := meta["managedFields"].([]any)
	delete(meta, "managedFields")
	if managers {
		meta["managedFields"] = shortly(fields)
	}
	return o
}

func shortly(managedFields []any) (out []string) {
	for _, one := range managedFields {
		entry := one.(object)
		delete(entry, "time")
		raw, _ := json.Marshal(entry["fieldsV1"])
		delete(entry, "fieldsV1")
		var words []string
		for _, key := range slices.Sorted(maps.Keys(entry)) {
			if key != "fieldsType" {
				words = append(words, fmt.Sprint(entry[key]))
			}
		}
		out = append(out, strings.Join(words, " ")+" "+string(raw))
	}
	slices.Sort(out)
	return out
}

// normal writes what differs from server to server in the same way for all.
func (p *pen) normal(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if v[k] != nil { // whoever reads it cannot tell null from nothing
				out[k] = p.normal(v[k], k)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = p.normal(v[i], key)
		}
		return out
	case string:
		if _, err := strconv.Atoi(v); err == nil && strings.HasSuffix(key, "resourceVersion") {
			return p.standIn(v, "revision", &p.revisions)
		}
		return p.plain(v)
	}
	return v
}

func (p *pen) standIn(value, name string, count *int) string {
	if p.known[value] == "" {
		*count++
		p.known[value] = fmt.Sprintf("{%s %d}", name, *count)
	}
	return p.known[value]
}

var (
	uidText      = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	timeText     = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	revisionText = regexp.MustCompile(`(ResourceVersion in (?:the precondition|record) \()\d+`)
	// objectText is an object inside of a message, as a person quotes it who has nothing better to say.
	objectText = regexp.MustCompile(`"\{\\?"(apiVersion|kind|metadata)\\?".*\}"`)
	hashText   = regexp.MustCompile(`-[bcdf-hj-np-tv-xz24-9]{8,10}\b`)
	randomText = regexp.MustCompile(`-[bcdf-hj-np-tv-xz24-9]{5}\b`)
)

func (p *pen) plain(text string) string {
	text = strings.ReplaceAll(text, p.site.namespace, "{namespace}")
	text = uidText.ReplaceAllStringFunc(text, func(uid string) string { return p.standIn(uid, "uid", &p.uids) })
	text = timeText.ReplaceAllString(text, "{time}")
	text = revisionText.ReplaceAllString(text, "${1}{revision}")
	text = objectText.ReplaceAllString(text, `"{object}"`)
	text = hashText.ReplaceAllString(text, "-{hash}")
	text = randomText.ReplaceAllString(text, "-{random}")
	for name, value := range p.kept {
		if _, err := strconv.Atoi(value); err != nil && value != "" && name != "namespace" {
			text = strings.ReplaceAll(text, value, "{"+name+"}")
		}
	}
	return strings.TrimSpace(text)
}
