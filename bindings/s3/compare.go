package s3

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
)

// compare decides what is to be done, by s5cmd's rules.
func (s *syncing) compare(ctx context.Context, view action.View) (*job, error) {
	j := &job{others: map[string]files.Entry{}}
	from, err := s.found(ctx, view, s.from, j, true)
	if err != nil {
		return nil, err
	}
	to, err := s.found(ctx, view, s.to, j, false)
	if err != nil {
		return nil, err
	}
	for rel, one := range from {
		there, known := to[rel]
		switch {
		case !known:
			j.copies = append(j.copies, &transfer{item: one, over: j.link(rel)})
		case one.size != there.size || !s.sizeOnly && one.modified.After(there.modified):
			j.copies = append(j.copies, &transfer{item: one, over: &there})
		default:
			j.unchanged++
		}
	}
	if s.remove {
		for rel, there := range to {
			if _, known := from[rel]; !known {
				j.removals = append(j.removals, there)
			}
		}
	}
	if len(from) == 0 {
		j.warnings = append(j.warnings, fmt.Sprintf("there is nothing to copy in %s", s.from)+s.only.told())
	}
	if len(from) == 0 && len(j.removals) > 0 {
		return nil, action.Errorf(action.CodeRejected, "cannot sync %s to %s: there is nothing to copy from, and everything would be removed: %s", s.from, s.to, counted(len(j.removals), "file")).
			On(s.to.target()).Try("look at what it comes from; to remove things, remove them by name")
	}
	slices.SortFunc(j.copies, func(a, b *transfer) int { return cmp.Compare(a.rel, b.rel) })
	slices.SortFunc(j.removals, func(a, b item) int { return cmp.Compare(a.rel, b.rel) })
	if s.to.isStore() {
		return j, s.storable(j)
	}
	s.tellDrafts(j)
	if err := s.writable(j, to); err != nil {
		return nil, err
	}
	j.missing, err = s.missing(ctx, view, j)
	return j, err
}

// missing are the folders that have to be made for what is copied.
func (s *syncing) missing(ctx context.Context, view action.View, j *job) ([]string, error) {
	if len(j.copies) == 0 {
		return nil, nil
	}
	out, err := s.to.seen(view).Missing(ctx, s.to.below("x").path) // of the folder itself, and those above it
	made := map[string]bool{".": true}
	for _, c := range j.copies {
		for folder := path.Dir(c.rel); !made[folder]; folder = path.Dir(folder) {
			made[folder] = true
			if j.others[folder].Kind != files.Folder {
				out = append(out, s.to.below(folder).path)
			}
		}
	}
	slices.Sort(out)
	return out, err
}

// found is what there is at an end, by its name below it.
func (s *syncing) found(ctx context.Context, view action.View, e end, j *job, origin bool) (map[string]item, error) {
	out := map[string]item{}
	add := func(i item) { out[i.rel] = i }
	if e.isStore() {
		q := question{purpose: "sync " + s.from.String() + " to " + s.to.String(), target: s.to.target(), needs: "s3:ListBucket"}
		return out, s.b.each(ctx, view, e.at, q, false, 0, func(o object) error {
			rel := textOf(o, fieldKey)[len(e.at.key):]
			if rel == "" || strings.HasSuffix(rel, "/") && sizeOf(o) == 0 || !s.only.match(rel) {
				return nil // what consoles make to show a folder, and what is left out
			}
			i := item{rel: rel, size: sizeOf(o), modified: fromSeconds(o[fieldModified]), etag: textOf(o, fieldETag)}
			if o[fieldFrom] != nil || o[fieldText] != nil {
				i.intended = o
			}
			add(i)
			return nil
		})
	}
	return out, s.walk(ctx, view, e, j, origin, add)
}

// walk finds the files of a folder. A folder that is not there yet is empty, if it is where things are copied to; there all else is found
// too, because it may be in the way. A draft is no file: it is what a download is, or was, while it is written.
func (s *syncing) walk(ctx context.Context, view action.View, e end, j *job, origin bool, add func(item)) error {
	var only files.Filter
	if origin {
		only.Kinds = []files.Kind{files.File, files.Link}
	}
	links := 0
	walked, err := e.seen(view).Walk(ctx, e.path, only, func(some []files.Entry) error {
		for _, one := range some {
			switch {
			case one.Kind == files.File && files.IsDraft(path.Base(one.Path)):
				if !origin {
					j.drafts = append(j.drafts, one)
				}
			case one.Kind == files.File && s.only.match(one.Path):
				add(item{rel: one.Path, size: one.Size, modified: one.Modified, entry: one})
			case !origin:
				j.others[one.Path] = one
			case one.Kind == files.Link:
				links++
			}
		}
		return nil
	})
	if err != nil && (action.CodeOf(err) != action.CodeNotFound || origin) {
		return err
	}
	if first, count := s.only.missed(walked); count > 0 {
		return action.Errorf(action.CodeForbidden, "cannot sync %s to %s: %s below %s cannot be looked at; the first is %s: %w", s.from, s.to,
			countedEntries(count), e, files.Spell(first.Path), first.Err).On(s.to.target()).Try("leave them out: { exclude = \"NAME/*\" }; or let the run's user read them")
	}
	if links > 0 {
		j.warnings = append(j.warnings, fmt.Sprintf("%s in %s %s not copied", counted(links, "symbolic link"), e, are(links)))
	}
	return nil
}
