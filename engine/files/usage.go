package files

import "context"

// A Usage is what there is below a root, counted.
type Usage struct {
	Used int64 // bytes that it takes on the disk
	Size int64 // bytes that it holds, without what folders themselves are
	// How many there are. A file that has several names is one for each, and takes and holds its bytes once.
	Files, Folders, Links, Others int64
	// What could not be looked at is not counted: see Walked.
	Unlooked []Unlooked
	Skipped  int64
}

// A Walker finds what is below a root: see System.
type Walker interface {
	Walk(ctx context.Context, root string, only Filter, visit func([]Entry) error) (Walked, error)
}

// Count counts what a walk finds, for a System that has no way of its own to do that.
func Count(ctx context.Context, system Walker, root string, stay bool) (Usage, error) {
	var u Usage
	met := map[string]bool{} // files with several names
	walked, err := system.Walk(ctx, root, Filter{Stay: stay}, func(list []Entry) error {
		for i := range list {
			e := &list[i]
			again := e.Links > 1 && met[e.ID]
			if e.Links > 1 && e.Kind != Folder {
				met[e.ID] = true
			}
			u.Add(e, again)
		}
		return nil
	})
	u.Unlooked, u.Skipped = walked.Unlooked, walked.Skipped
	return u, err
}

// Add adds one entry, without its bytes if it is another name of a file that was added already.
func (u *Usage) Add(e *Entry, again bool) {
	switch e.Kind {
	case File:
		u.Files++
	case Folder:
		u.Folders++
	case Link:
		u.Links++
	default:
		u.Others++
	}
	if again {
		return
	}
	u.Used += e.Used
	if e.Kind != Folder {
		u.Size += e.Size
	}
}
