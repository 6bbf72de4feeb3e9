/**
 * Loads the style sheets in their order: Mantine in its own cascade layer, then ours, so that ours always win. Import once per page entry.
 *
 * Of Mantine only the parts that `theme.ts` names and those that they are made of; the whole sheet is ten times as large.
 */
import '@mantine/core/styles/baseline.layer.css'
import '@mantine/core/styles/default-css-variables.layer.css'
import '@mantine/core/styles/global.layer.css'
import '@mantine/core/styles/ScrollArea.layer.css'
import '@mantine/core/styles/UnstyledButton.layer.css'
import '@mantine/core/styles/Popover.layer.css'
import '@mantine/core/styles/CloseButton.layer.css'
import '@mantine/core/styles/Loader.layer.css'
import '@mantine/core/styles/Input.layer.css'
import '@mantine/core/styles/NumberInput.layer.css'
import '@mantine/core/styles/Combobox.layer.css'
import '@mantine/core/styles/Tooltip.layer.css'
import './tokens.css'
import './global.css'
import './fonts.css'
