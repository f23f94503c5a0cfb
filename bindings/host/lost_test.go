//go:build unix

package host

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/machine"
)

// A losing system makes changes, and the answers to the first of them are lost: of those of some paths, which are made or not.
type losingFiles struct {
	files.System
	lost map[string]bool // and whether it was made
	once *bool
}

func (l losingFiles) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	if *l.once {
		return l.System.Change(ctx, root, changes)
	}
	*l.once = true
	var sent []files.Change
	for _, c := range changes {
		if made, lost := l.lost[c.Was.Path]; made || !lost {
			sent = append(sent, c)
		}
	}
	errs, err := l.System.Change(ctx, root, sent)
	if err != nil {
		return nil, err
	}
	out := make([]error, len(changes))
	for i, c := range changes {
		made, lost := l.lost[c.Was.Path]
		if made || !lost {
			out[i], errs = errs[0], errs[1:]
		}
		if lost {
			out[i] = action.Errorf(action.CodeUncertain, "nobody knows whether %s was changed", c.Was.Path)
		}
	}
	return out, nil
}

// What a removal says and returns of which answers were lost is what came of all attempts.
func TestARemovalWhoseAnswersAreLost(t *testing.T) {
	for name, c := range map[string]struct {
		lost    map[string]bool
		settled action.Settlement
		note    string
	}{
		"all of it was done":  {map[string]bool{"stale/only.bin": true}, action.Done, "1 entry had gone meanwhile"},
		"some of it was done": {map[string]bool{"stale/only.bin": true, "kernels/old.bin": false}, action.NotDone, "2 entries, 4.9 KiB; frees"},
		"nothing of it was":   {map[string]bool{"stale/only.bin": false, "kernels/old.bin": false}, action.NotDone, "2 entries, 4.9 KiB; frees"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *fileSite) {
				live := s.System
				s.mod = New(Config{Files: machine.Set[files.System]{Local: losingFiles{live, c.lost, new(bool)}}})
				a, p := s.predicted("remove", s.at("/cache"), oldFiles)
				require.EqualValues(t, 3, plain(t, p.Value).(map[string]any)["removed"])
				s.write("old.log", "written anew", s.Now.Add(-9*day))
				if _, all := c.lost["kernels/old.bin"]; !all {
					was, err := live.Look(s.ctx(), s.at("/cache/kernels/old.bin"))
					require.NoError(t, err)
					was.Path = "old.bin"
					errs, err := live.Change(s.ctx(), s.at("/cache/kernels"), []files.Change{{Op: files.Remove, Was: was}})
					require.NoError(t, err)
					require.NoError(t, errs[0])
				}
				_, err := a.Apply(s.ctx(), p)
				require.Equal(t, action.CodeUncertain, action.CodeOf(err))
				settled, err := a.Settle(s.ctx(), action.Intent{Sent: s.Now})
				require.NoError(t, err)
				require.Equal(t, c.settled, settled)
				if settled == action.NotDone {
					_, err = a.Apply(s.ctx(), p)
					require.NoError(t, err)
				}
				result := a.(action.Accountable).Account()
				require.Contains(t, result.Note, c.note)
				require.Contains(t, result.Note, "1 entry had changed meanwhile, and stayed")
				did := plain(t, result.Value).(map[string]any)
				require.Len(t, did["left"], 1)
				require.Equal(t, []string{"away", "kernels", "kernels/new.bin", "old.log", "stale"}, s.found(nil))
			})
		})
	}
}
