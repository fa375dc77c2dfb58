/** What programs get under /v1, in OpenAI's shape. The answers of models themselves are DeepSeek's. */

export interface ProgramModel {
  readonly id: string
  readonly object: 'model'
  /** Unix seconds; 0, as nobody says when a model was made. */
  readonly created: number
  readonly owned_by: string
}

export interface ProgramModelList {
  readonly object: 'list'
  readonly data: ProgramModel[]
}
