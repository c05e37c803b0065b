// Names that the port uses only outside the scanned sources.
// SPDX-License-Identifier: GPL-2.0-or-later
// *FORMAT-OFF*
Q(rp2040)
Q(rp2350)
Q(run)
