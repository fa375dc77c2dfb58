/** Numbers as people read them, in the language of the page. */

export interface NumberFormats {
  /** Returns a count with grouped digits, e.g. `12,345`. */
  count(value: number): string
  /** Returns a count that fits a card: grouped below a million, then e.g. `12.35M` or `1,234.57万`. */
  shortCount(value: number): string
  /**
   * Returns an amount of money. Below 1 it has four to six decimals, because one answer costs far
   * less than a cent; from 1 on there are two.
   * @param amount decimal string; formatted as text, never as a float
   * @param currency ISO 4217 code
   */
  money(amount: string, currency: string): string
}

const COMPACT_FROM = 1_000_000

/** Returns the number formats of a language (BCP 47). */
export function createNumberFormats(lang: string): NumberFormats {
  const grouped = new Intl.NumberFormat(lang)
  const compact = new Intl.NumberFormat(lang, { notation: 'compact', maximumFractionDigits: 2 })
  return {
    count: (value) => grouped.format(value),
    shortCount: (value) => (value < COMPACT_FROM ? grouped : compact).format(value),
    money(amount, currency) {
      if (!isDecimal(amount)) return amount
      const size = Math.abs(Number(amount))
      const isSmall = size > 0 && size < 1
      return new Intl.NumberFormat(lang, {
        style: 'currency',
        currency,
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: isSmall ? 4 : 2,
        maximumFractionDigits: isSmall ? 6 : 2,
      }).format(amount)
    },
  }
}

function isDecimal(text: string): text is `${number}` {
  return /^-?\d+(\.\d+)?$/.test(text)
}
