/** Columns that many tables have. */
import { integer, text } from 'drizzle-orm/sqlite-core'

export const place = () => integer('place').primaryKey()
export const id = () => text('id').notNull().unique()
export const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull()
export const count = (name: string) => integer(name).notNull()
export const words = (name: string) => text(name).notNull()
