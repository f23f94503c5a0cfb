package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// splitPage cuts the answer to a list request into its items, each a complete object of that kind, and returns the token of the
// next page. It decodes nothing: one pass finds the list, one its items, and one allocation holds them, so that the page itself
// can be forgotten, or its memory used again.
func splitPage(k kind, body []byte) (items []json.RawMessage, next string, err error) {
	page := gjson.Parse(textOf(body))
	list := page.Get("items")
	if !page.IsObject() || !list.IsArray() && list.Type != gjson.Null || !whole(body, list) {
		return nil, "", errors.New("the server's answer is no list")
	}
	var parts []string
	size := 0
	if list.IsArray() {
		list.ForEach(func(_, item gjson.Result) bool {
			parts = append(parts, item.Raw)
			size += len(item.Raw)
			return true
		})
	}
	head := itemHead(k, parts)
	arena := make([]byte, 0, size+len(parts)*len(head))
	items = make([]json.RawMessage, len(parts))
	for i, part := range parts {
		start := len(arena)
		arena = append(arena, head...)
		arena = append(arena, part[headLen(head):]...)
		items[i] = arena[start:len(arena):len(arena)]
	}
	return items, strings.Clone(page.Get("metadata.continue").String()), nil
}

// whole tells whether a page came to its end: half a list must not be taken for a short one. A list that was cut runs to the end of what
// came, and what closes the page around it is missing.
func whole(body []byte, list gjson.Result) bool {
	if !list.IsArray() {
		return gjson.ValidBytes(body)
	}
	rest := bytes.TrimSpace(body[list.Index+len(list.Raw):])
	return strings.HasSuffix(list.Raw, "]") && bytes.HasSuffix(rest, []byte("}"))
}

// itemHead is what the items of a list lack: the server leaves out the kind that they have in common, except for custom resources.
// It takes the place of an item's opening brace. No item is empty: every object has metadata.
func itemHead(k kind, parts []string) string {
	if len(parts) == 0 || gjson.Get(parts[0], "kind").Exists() {
		return ""
	}
	return `{"apiVersion":` + strconv.Quote(k.apiVersion()) + `,"kind":` + strconv.Quote(k.name) + ","
}

// headLen is how much of an item its head replaces: the opening brace.
func headLen(head string) int { return min(len(head), 1) }

// textOf is raw as a string that shares its memory: raw must not change as long as the string or a piece of it is in use.
func textOf(raw []byte) string { return unsafe.String(unsafe.SliceData(raw), len(raw)) }

// identity is the namespace and name of an object in JSON.
func identity(raw json.RawMessage) (namespace, name string) {
	metadata := gjson.GetBytes(raw, "metadata")
	return metadata.Get("namespace").String(), metadata.Get("name").String()
}
