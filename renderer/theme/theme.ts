import { createTheme, NumberInput, Select, TextInput, Tooltip } from '@mantine/core'
import classes from './theme.module.css'

/**
 * Mantine theme of the whole interface: compact Windows look.
 *
 * Colours and measures are the CSS variables of `tokens.css`; this file only connects Mantine's parts to them.
 */
export const theme = createTheme({
  fontFamily: 'var(--font-ui)',
  fontFamilyMonospace: 'var(--font-mono)',
  fontSizes: { xs: '11px', sm: '12px', md: '12px', lg: '13px', xl: '16px' },
  lineHeights: { xs: '14px', sm: '16px', md: '16px', lg: '18px', xl: '22px' },
  spacing: { xs: '4px', sm: '7px', md: '10px', lg: '14px', xl: '20px' },
  radius: { xs: '0', sm: '0', md: '0', lg: '0', xl: '0' },
  defaultRadius: 0,
  primaryColor: 'blue',
  cursorType: 'default',
  respectReducedMotion: true,
  components: {
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' }, classNames: { input: classes.input, error: classes.error } }),
    NumberInput: NumberInput.extend({
      defaultProps: { size: 'xs', clampBehavior: 'none', allowDecimal: false },
      classNames: { input: classes.input, controls: classes.spin, control: classes.spinButton, error: classes.error },
    }),
    Select: Select.extend({
      defaultProps: {
        size: 'xs',
        allowDeselect: false,
        checkIconPosition: 'right',
        withCheckIcon: false,
        maxDropdownHeight: 240,
        comboboxProps: { offset: 0, zIndex: 9000, transitionProps: { duration: 0 } },
      },
      classNames: { input: classes.input, dropdown: classes.dropdown, option: classes.option, section: classes.section },
    }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 500, withArrow: false, zIndex: 9500, transitionProps: { duration: 0 } },
      classNames: { tooltip: classes.tooltip },
    }),
  },
})
