/** Loads the style sheets in their order: Mantine in its own cascade layer, then ours, so that ours always win. Import once per page entry. */
import '@mantine/core/styles.layer.css'
import './tokens.css'
import './global.css'
import './fonts.css'
