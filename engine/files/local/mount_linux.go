package local

import "golang.org/x/sys/unix"

// A mount is where a folder is mounted. One file system can be mounted in several places: its device alone does not tell them apart.
type mount struct{ device, id uint64 }

func mountOf(f *folder) (mount, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return mount{}, err
	}
	return mount{st.Dev, mountID(f)}, nil
}

// has tells whether a folder is in the mount.
func (m mount) has(f *folder) bool { return mountID(f) == m.id }

// mountID is 0 where the kernel does not tell.
func mountID(f *folder) uint64 {
	var st unix.Statx_t
	if unix.Statx(f.fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st) != nil || st.Mask&unix.STATX_MNT_ID == 0 {
		return 0
	}
	return st.Mnt_id
}
